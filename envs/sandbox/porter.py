"""Takes mounts aside for users who may not: a small process of ours that is root of its own namespace.

It sees what this user sees and nothing of a sandbox runs in it. `python -m envs.sandbox.porter FD`
serves one socket: a path a message, answered by a descriptor, or by the reason why there is none.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from envs.sandbox.mounts import take_aside

ANSWER_S = 20.0
MAX_MESSAGE_BYTES = 1 << 13
RIGHTS = ("--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL")


class Porter:
    """Started at its first use; ends with `stop`, and with this process."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._near: socket.socket | None = None

    def take_aside(self, source: Path) -> int:
        """As `envs.sandbox.mounts.take_aside`; raises `OSError`."""
        if self._child is None or self._child.poll() is not None:
            self._start()
        assert self._near is not None
        self._near.send(os.fsencode(source))
        said, fds, _, _ = socket.recv_fds(self._near, MAX_MESSAGE_BYTES, 1)
        if fds:
            return fds[0]
        code, _, reason = said.decode(errors="replace").partition(" ")
        raise OSError(int(code or 5), reason or "the porter ended")

    def stop(self) -> None:
        child, self._child = self._child, None
        if self._near is not None:
            self._near.close()
        if child is not None:
            child.kill()
            child.wait()

    def _start(self) -> None:
        self.stop()
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.settimeout(ANSWER_S)
        program = shutil.which("bwrap") or "bwrap"
        with far:
            self._child = subprocess.Popen(
                [
                    *(program, "--die-with-parent", *RIGHTS, "--dev-bind", "/", "/", "--"),
                    *(sys.executable, "-s", "-B", "-m", "envs.sandbox.porter", str(far.fileno())),
                ],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[far.fileno()],
                process_group=0,
            )
        self._near = near


def serve(control: socket.socket) -> None:
    """Answers until the other side hangs up."""
    while path := control.recv(MAX_MESSAGE_BYTES):
        try:
            fd = take_aside(Path(os.fsdecode(path)))
        except OSError as error:
            control.send(f"{error.errno} {error.strerror}".encode())
            continue
        socket.send_fds(control, [b"."], [fd])
        os.close(fd)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
