"""Stops the clock of the day for this process, in C code too; monotonic clocks go on.

The first bytes of the C library's `clock_gettime`, which all of Python's clocks come from, are
overwritten in the memory of this process alone, with a jump to code that knows one moment. What
this does not reach: programs that are started later, which have true clocks; time stamps of files;
and C code that asks in other ways (`time`, `gettimeofday`, a system call), as SQLite's does.
"""

import ctypes
import mmap
import platform
import runpy
import sys
import time

DAY_S = 86_400
PROT_ALL = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
_MOMENT = bytes(8)
"""Where the code has its moment, in seconds."""
_X86_64 = bytes.fromhex(
    # For the clocks REALTIME (0) and REALTIME_COARSE (5) the moment, for any other the kernel's.
    "85ff 7416 83ff05 7411"
    "b8e4000000 0f05 85c0 7905 b8ffffffff c3"
    "48b8 0000000000000000 488906 31c0 48894608 c3"
)
_KEPT: list[mmap.mmap] = []
"""Pages with our code; they live as long as the process."""


def stop(days: int) -> None:
    """Lets the clock stand at `days` from now; raises `OSError` where that cannot be done."""
    if platform.machine() != "x86_64":
        raise OSError(f"the clock cannot be stopped on {platform.machine()}, only on x86_64")
    moment = int(time.time()) + days * DAY_S
    library = ctypes.CDLL(None, use_errno=True)
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=PROT_ALL)
    _KEPT.append(page)
    page.write(_X86_64.replace(_MOMENT, moment.to_bytes(8, "little")))
    code = ctypes.addressof(ctypes.c_char.from_buffer(page))
    function = ctypes.cast(library.clock_gettime, ctypes.c_void_p).value
    assert function is not None
    # mov rax, the code's address; jmp rax
    _overwrite(library, function, b"\x48\xb8" + code.to_bytes(8, "little") + b"\xff\xe0")
    if int(time.time()) != moment:
        raise OSError("the clock did not stop")


def _overwrite(library: ctypes.CDLL, address: int, code: bytes) -> None:
    start = address & -mmap.PAGESIZE
    length = address + len(code) - start
    if library.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(length), PROT_ALL):
        raise OSError(ctypes.get_errno(), "the code of the clock cannot be written")
    ctypes.memmove(address, code, len(code))


if __name__ == "__main__":
    days, script = sys.argv[1:]
    stop(int(days))
    sys.argv[:] = [script]
    runpy.run_path(script, run_name="__main__")
