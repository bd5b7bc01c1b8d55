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
from pathlib import Path
from typing import Any

from . import confine, mounts, supervisor
from .frames import Frame, Reader, packed

WRITABLE = ["/home/agent", "/tmp", "/dev/shm"]


def serve(
    control: socket.socket, environment: Mapping[str, str], programs: Mapping[str, supervisor.Main]
) -> None:
    """Answers `hatch` requests, each with the child's end of a new control socket and its mounts."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    ours = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    control.sendall(packed({"ready": True}))
    reader = Reader()
    while reader.receive(control):
        while frame := reader.next():
            # The next child, and only that, is process 1 of a new namespace.
            confine.unshare(confine.NEWPID)
            if os.fork() == 0:
                confine.close_all_but({0, 1, 2, *frame.fds})
                _child(frame, environment, programs)
            confine.join(ours, confine.NEWPID)
            for fd in frame.fds:
                os.close(fd)
    os._exit(0)


def _child(
    frame: Frame, environment: Mapping[str, str], programs: Mapping[str, supervisor.Main]
) -> None:
    """Makes a sandbox of this process, which is its process 1. Never returns."""
    own = socket.socket(fileno=frame.fds[0])
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _leave(own, frame)
        supervisor.run(own, environment, programs, frame.header["watched_bytes"])
    except OSError as error:
        own.sendall(packed({"failed": str(error)}))
    except BaseException:  # noqa: BLE001 - told to the other side, which ends the attempt
        own.sendall(packed({"failed": traceback.format_exc()}))
    finally:
        sys.stderr.flush()
        os._exit(1)


def _leave(own: socket.socket, frame: Frame) -> None:
    """Goes into namespaces of its own and gives up everything else.

    The other side reads our process number from the credentials of what we send.
    """
    request: dict[str, Any] = frame.header
    allowance = confine.Allowance(**request["allowance"])
    _ask(own, "group")
    confine.unshare(confine.OWN_VIEW)
    socket.sethostname("sandbox")
    confine.loopback_up()
    confine.own_folders(WRITABLE, allowance, request["uid"])
    mounts.attach(dict(zip(request["mounts"], frame.fds[1:], strict=True)))
    if request["privileged"]:
        os.setgroups([])
        confine.unshare(confine.NEWUSER)
        _ask(own, "users")  # to be somebody else takes privilege that we have no more
    else:
        confine.unshare(confine.NEWUSER)
        for name, line in confine.users(request["uid"]).items():
            Path("/proc/self", name).write_text(line)
    os.setresgid(confine.UID, confine.UID, confine.UID)
    os.setresuid(confine.UID, confine.UID, confine.UID)
    os.umask(0o022)
    os.chdir(WRITABLE[0])
    confine.limit(allowance)
    confine.drop_privileges()


def _ask(own: socket.socket, what: str) -> None:
    """Waits until the other side has done `what`; raises `OSError` if it hung up."""
    own.sendall(packed({"ask": what}))
    if not own.recv(1):
        raise OSError(f"nobody did {what}")
