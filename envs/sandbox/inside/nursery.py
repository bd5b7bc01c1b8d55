"""The nursery: a process that has loaded what sandboxes need, and forks one at each request.

It runs no code but ours. A child leaves for namespaces of its own before anything else can reach
it: processes, mounts, network, IPC, host name, users; then it gives up every privilege and becomes
their process 1. Memory that was loaded before is shared copy-on-write, and is the same in every
sandbox of a nursery, addresses included.
"""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from . import confine, supervisor
from .frames import Frame, Reader, packed

MAX_FDS = 1 << 16
WRITABLE = ["/home/agent", "/tmp", "/dev/shm"]


def serve(
    control: socket.socket, environment: Mapping[str, str], programs: Mapping[str, supervisor.Main]
) -> None:
    """Answers `hatch` requests, each with the child's end of a new control socket."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(packed({"ready": True, "pid": os.getpid()}))
    reader = Reader()
    while reader.receive(control):
        while frame := reader.next():
            if os.fork() == 0:
                _keep_only(frame.fds[0])
                _child(frame, environment, programs)
            for fd in frame.fds:
                os.close(fd)
    os._exit(0)


def _keep_only(own: int) -> None:
    """Closes every descriptor but the standard ones and `own`, among them other sandboxes'."""
    os.closerange(3, own)
    os.closerange(own + 1, MAX_FDS)


def _child(
    frame: Frame, environment: Mapping[str, str], programs: Mapping[str, supervisor.Main]
) -> None:
    """Makes a sandbox of this process; its own child becomes process 1. Never returns."""
    own = socket.socket(fileno=frame.fds[0])
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _leave(own, frame.header)
        supervisor.run(own, environment, programs, frame.header["watched_bytes"])
    except OSError as error:
        own.sendall(packed({"failed": str(error)}))
    except BaseException:  # noqa: BLE001 - told to the other side, which ends the attempt
        own.sendall(packed({"failed": traceback.format_exc()}))
    finally:
        sys.stderr.flush()
        os._exit(1)


def _leave(own: socket.socket, request: dict[str, Any]) -> None:
    """Returns in process 1 of the new namespaces, confined; the process between exits."""
    # The other side reads our process number from the socket's credentials, to put us into a
    # cgroup; children are born in it.
    own.sendall(packed({"hatched": True}))
    own.recv(1)
    privileged = os.geteuid() == 0
    uid = request["uid"] if privileged else confine.UID
    # Stays what it is when the child mounts its own over it.
    processes = os.open("/proc", os.O_DIRECTORY | os.O_CLOEXEC)
    if not privileged:
        ours = os.geteuid()
        confine.unshare(confine.NEWUSER)
        _map(processes, "self", ours)
    confine.unshare(confine.OWN_EVERYTHING)
    near, far = socket.socketpair()
    child = os.fork()
    if child:
        near.close()
        if privileged and far.recv(1):
            _map(processes, str(child), uid)
            far.sendall(b".")
        os._exit(0)
    far.close()
    os.close(processes)
    allowance = confine.Allowance(**request["allowance"])
    os.umask(0o022)
    socket.sethostname("sandbox")
    confine.loopback_up()
    confine.own_folders(WRITABLE, allowance, uid)
    if privileged:
        os.setgroups([])
        confine.unshare(confine.NEWUSER)
        near.sendall(b".")
        near.recv(1)
        os.setresgid(confine.UID, confine.UID, confine.UID)
        os.setresuid(confine.UID, confine.UID, confine.UID)
    near.close()
    os.chdir(WRITABLE[0])
    confine.limit(allowance)
    confine.drop_privileges()


def _map(processes: int, pid: str, outside: int) -> None:
    """Makes user and group `outside` appear as ours to a process, which has no other."""
    for name, line in (("setgroups", "deny"), ("uid_map", ""), ("gid_map", "")):
        fd = os.open(f"{pid}/{name}", os.O_WRONLY, dir_fd=processes)
        try:
            os.write(fd, (line or f"{confine.UID} {outside} 1").encode())
        finally:
            os.close(fd)
