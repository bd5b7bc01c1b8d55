"""The program that is loaded once inside, before sandboxes are forked: shell, kernel, reruns.

Never imported by us: providers run its source. `main` runs in a process of its own in a fresh
sandbox and is told which part to play: "kernel" serves a real ipykernel on two sockets that come as
descriptors 3 and 4; "rerun" runs the cells that it reads from descriptor 3 in the same shell without
messages and writes what came out to descriptor 4.

Limits here keep honest code from producing more than is ever shown; against other code the other
side has limits of its own.
"""

# ipykernel and IPython declare their parts by base classes and leave calls without types.
# mypy: disable-error-code="no-untyped-call, union-attr, attr-defined, override, assignment"
# mypy: disable-error-code="arg-type, import-untyped"
import builtins
import getpass
import json
import os
import random
import signal
import sys
import tempfile
import threading
from typing import Any

# The debugger would take 60 ms and 20 MB in every kernel.
sys.modules["debugpy"] = None
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
os.environ["IPYTHONDIR"] = os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp()

import numpy  # noqa: E402
import pandas  # noqa: E402
import zmq  # noqa: E402
from ipykernel.control import ControlThread  # noqa: E402
from ipykernel.iostream import OutStream  # noqa: E402
from ipykernel.ipkernel import IPythonKernel  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from ipykernel.shellchannel import ShellChannelThread  # noqa: E402
from ipykernel.zmqshell import ZMQInteractiveShell  # noqa: E402
from IPython.core.application import BaseIPythonApplication  # noqa: E402
from IPython.core.error import StdinNotImplementedError  # noqa: E402
from jupyter_client.session import Session  # noqa: E402
from traitlets.config import Config  # noqa: E402

from envs.interpreter.inside.figures import is_figure, shown  # noqa: E402
from envs.interpreter.inside.values import plain  # noqa: E402

SHELL_FD, IOPUB_FD = 3, 4
MAX_TEXT_CHARS = 300_000
"""Of one result, one message, or one stream of one cell."""
MAX_FRAMES = 60
"""Of a traceback."""
MAX_IMAGE_BYTES = 4 << 20
TYPES = ["text/plain", "image/png", "image/jpeg"]
STDIN_REFUSED = "input() is refused: nobody can answer. Put the value into the code."


def shortened(text: str) -> str:
    """`text` or, if it is too long, its beginning and its end with a mark between them."""
    over = len(text) - MAX_TEXT_CHARS
    if over <= 0:
        return text
    half = MAX_TEXT_CHARS // 2
    return f"{text[:half]}\n[... {over} characters are left out ...]\n{text[-half:]}"


def bounded(message: dict[str, Any]) -> dict[str, Any]:
    """A message with data, where nothing is too large to be sent."""
    data = message["content"]["data"]
    for kind, value in list(data.items()):
        if kind.startswith("image/") and len(value) > MAX_IMAGE_BYTES * 4 // 3:
            del data[kind]
            data["text/plain"] = f"[an image of {len(value) * 3 // 4} bytes is not kept]"
        elif isinstance(value, str) and not kind.startswith("image/"):
            data[kind] = shortened(value)
    return message


class Shell(ZMQInteractiveShell):
    """The shell of kernels and reruns."""

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        """Takes the middle out of a traceback that is too deep to be shown within a cell's time."""
        kind, value, trace = super()._get_exc_info(exc_tuple)
        frames = [trace] if trace is not None else []
        while frames and frames[-1].tb_next is not None:
            frames.append(frames[-1].tb_next)
        self._num_left_out = max(0, len(frames) - MAX_FRAMES)
        if self._num_left_out:
            frames[MAX_FRAMES // 2 - 1].tb_next = frames[-(MAX_FRAMES // 2)]
        return kind, value, trace

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = shortened("\n".join(stb)).split("\n")
        if self._num_left_out:
            lines.append(f"[{self._num_left_out} frames in the middle are left out]")
        super()._showtraceback(etype, shortened(str(evalue)), lines)


def _short_strings(shell: Shell) -> None:
    """Cuts long strings before their representation is made, which takes many times their size."""
    formatter = shell.display_formatter.formatters["text/plain"]
    for kind in (str, bytes):
        formatter.for_type(kind, lambda value, page, _cycle: page.text(_represented(value)))


def _represented(value: str | bytes) -> str:
    over = len(value) - MAX_TEXT_CHARS
    shown = repr(value[:MAX_TEXT_CHARS])
    return shown if over <= 0 else f"{shown}\n[... {over} more are left out ...]"


class Stream(OutStream):
    """Standard output or error, in order with the other one and with a limit for each cell."""

    other: "Stream | None" = None
    left = MAX_TEXT_CHARS
    dropped = 0

    def write(self, string: str) -> int | None:
        if isinstance(string, str) and len(string) > self.left:
            self.dropped += len(string) - self.left
            string, size = string[: self.left], len(string)
            self.left = 0
            if string:
                super().write(string)
            return size
        if isinstance(string, str):
            self.left -= len(string)
        other = self.other
        if other is not None and other._buffers:
            # What the other one holds was written before this.
            other._flush()
        return super().write(string)

    def begin(self) -> None:
        self.left, self.dropped = MAX_TEXT_CHARS, 0

    def finish(self) -> None:
        if self.dropped:
            mark = f"\n[{self.dropped} more characters are not shown]\n"
            self.left, self.dropped = len(mark), 0
            self.write(mark)


def refuse_input(*_: Any, **__: Any) -> None:
    raise StdinNotImplementedError(STDIN_REFUSED)


class Kernel(IPythonKernel):
    shell_class = Shell

    _no_raw_input = getpass = raw_input = staticmethod(refuse_input)


class App(IPKernelApp):
    """ipykernel on sockets that are open already, prepared as far as can be before a fork."""

    kernel_class = Kernel

    def prepare(self) -> None:
        BaseIPythonApplication.initialize(self, [])
        self.init_pdb()
        self.init_path()
        self.shell = Shell.instance(
            config=self.config, profile_dir=self.profile_dir, user_ns={}, kernel=None
        )
        self.shell.display_formatter.active_types = TYPES
        _short_strings(self.shell)
        self.shell.configurables.append(self)
        self.init_extensions()
        self.init_code()

    def serve(self) -> None:
        """Never returns before the kernel ends."""
        self.init_blackhole()
        self.init_sockets()
        self.init_io()
        self.init_signal()
        self.init_kernel()
        self.shell.kernel = self.kernel
        sys.stdout.other, sys.stderr.other = sys.stderr, sys.stdout
        _watch_streams(self.shell)
        self.start()

    def _try_bind_socket(self, s: Any, port: int) -> int:
        """Listens on descriptor `port`; without one, where nobody outside can connect."""
        if port:
            s.setsockopt(zmq.USE_FD, port)
            s.bind(f"ipc:///proc/self/fd/{port}")
        else:
            s.bind(f"inproc://unused-{id(s)}")
        return port

    def init_control(self, context: Any) -> None:
        """As in the base class, but without connecting a debugger to the shell socket."""
        self.control_socket = context.socket(zmq.ROUTER)
        self._bind_socket(self.control_socket, 0)
        self.debugpy_socket = context.socket(zmq.STREAM)
        self.debug_shell_socket = context.socket(zmq.DEALER)
        self.control_thread = ControlThread(daemon=True)
        self.shell_channel_thread = ShellChannelThread(context, daemon=True)

    def init_iopub(self, context: Any) -> None:
        super().init_iopub(context)
        # A slow reader holds the kernel back instead of losing messages.
        self.iopub_thread.socket.setsockopt(zmq.XPUB_NODROP, 1)


def _watch_streams(shell: Shell) -> None:
    streams = (sys.stdout, sys.stderr)

    def begin(*_: Any) -> None:
        for stream in streams:
            stream.begin()

    def finish(*_: Any) -> None:
        for stream in streams:
            stream.finish()

    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", finish)
    for publisher in (shell.displayhook, shell.display_pub):
        publisher.register_hook(bounded)


class Recorder(Session):
    """A session that keeps what would be sent."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.records: list[tuple[str, dict[str, Any]]] = []

    def send(self, _stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> None:
        if isinstance(msg_or_type, dict):
            msg_or_type, content = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        self.records.append((msg_or_type, content))


class RecordedStream:
    """Standard output or error of a rerun."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, name: str, records: list[tuple[str, dict[str, Any]]]) -> None:
        self.name = name
        self._records = records
        self.begin()

    def begin(self) -> None:
        self.left, self.dropped = MAX_TEXT_CHARS, 0

    def finish(self) -> None:
        if self.dropped:
            mark = f"\n[{self.dropped} more characters are not shown]\n"
            self.left, self.dropped = len(mark), 0
            self.write(mark)

    def write(self, string: str) -> int:
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        kept = string[: self.left]
        self.left -= len(kept)
        self.dropped += len(string) - len(kept)
        if kept:
            self._records.append(("stream", {"name": self.name, "text": kept}))
        return len(string)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


def _rerun(shell: Shell) -> None:
    """Runs cells and writes one JSON line for each as it ends, then one for the variable."""
    with open(SHELL_FD, "rb") as source:
        job = json.load(source)
    out = os.fdopen(IOPUB_FD, "wb", buffering=0)
    session = Recorder()
    builtins.input = getpass.getpass = refuse_input
    sys.stdout, sys.stderr = (
        RecordedStream(name, session.records) for name in ("stdout", "stderr")
    )
    shell.displayhook.session = shell.display_pub.session = session
    shell.displayhook.topic = shell.display_pub.topic = b""
    _watch_streams(shell)
    signal.signal(signal.SIGALRM, _interrupt)
    for code in job["cells"]:
        session.records.clear()
        signal.setitimer(signal.ITIMER_REAL, job["cell_timeout_s"])
        try:
            result = shell.run_cell(code, store_history=True)
        finally:
            left_s, _ = signal.setitimer(signal.ITIMER_REAL, 0.0)
        error = result.error_before_exec or result.error_in_exec
        name = type(error).__name__ if error else ""
        line = {
            "error": name,
            "interrupted": name == "KeyboardInterrupt" and not left_s,
            "records": session.records,
        }
        out.write(json.dumps(line).encode() + b"\n")
    signal.setitimer(signal.ITIMER_REAL, job["cell_timeout_s"])
    last = _value(shell.user_ns, job["variable"]) if job["variable"] else {}
    out.write(json.dumps(last).encode() + b"\n")
    os._exit(0)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _value(namespace: dict[str, Any], name: str) -> dict[str, Any]:
    """The variable as JSON, or the problem with it."""
    if name not in namespace:
        return {"problem": f"there is no variable {name}"}
    try:
        value = namespace[name]
        return {"value": plain(shown(value) if is_figure(value) else value)}
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever the objects of a stranger raise
        return {"problem": f"{name} has no JSON form: {type(error).__name__}: {error}"[:500]}


def main(arguments: list[str]) -> None:
    """`arguments`: the part to play and, for a kernel, the key that signs its messages."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # A transcript that is run again draws the same numbers, as far as it asks for these.
    random.seed(0)
    numpy.random.seed(0)
    if arguments[0] == "rerun":
        _rerun(APP.shell)
    APP.session = Session(config=APP.config, key=arguments[1].encode(), username="agent")
    APP.shell_port, APP.iopub_port = SHELL_FD, IOPUB_FD
    APP.serve()


def _prepared() -> App:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Context"
    config.IPKernelApp.transport = "ipc"
    config.IPKernelApp.outstream_class = f"{__name__}.Stream"
    app = App.instance(config=config)
    app.prepare()
    return app


APP = _prepared()
import matplotlib.pyplot  # noqa: E402, F401 - after the shell, which it looks for

for gone in ("IPYTHONDIR", "MPLCONFIGDIR"):
    del os.environ[gone]  # folders that sandboxes do not have
# The first use of a library loads more of it.
pandas.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}).groupby("b").mean().to_string()
assert threading.active_count() == 1, "only a process with one thread can be forked"
