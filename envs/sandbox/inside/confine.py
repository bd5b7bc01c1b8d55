"""How a process confines itself: own namespaces, own writable folders, and no way back.

Every function raises `OSError` that names what the kernel refused.
"""

import ctypes
import fcntl
import itertools
import os
import re
import resource
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .syscalls import program

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
OWN_VIEW = NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWNET
"""All but users and processes, which take more than one step."""

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 4, 2
CAPABILITY_VERSION_3 = 0x20080522
NUM_CAPABILITIES = 64
MOVE_MOUNT, AT_FDCWD, MOVE_MOUNT_F_EMPTY_PATH = 429, -100, 4
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

UID = 1000
"""User and group inside, whatever they are outside."""
NODES_PER_MIB = 64
"""Files and folders that a writable folder may hold, by its size."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]


MAX_FDS = 1 << 16


class Allowance(NamedTuple):
    """What `Limits` says, in the units that the kernel takes."""

    memory_bytes: int
    pids: int
    """Of the user; 0 where somebody else limits them."""
    file_bytes: int
    disk_bytes: int
    open_files: int


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, *arguments: int) -> None:
    padded = (*arguments, 0, 0, 0, 0)[:4]
    _checked(_libc.prctl(option, *padded), f"prctl {option}")


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), f"unshare {flags:#x}")


def mount(what: str, where: str, kind: str, flags: int, data: str = "") -> None:
    done = _libc.mount(what.encode(), where.encode(), kind.encode(), flags, data.encode())
    _checked(done, f"mount {kind or what} on {where}")


def move_mount(fd: int, where: str) -> None:
    """Attaches the mount that descriptor `fd` holds, which is nowhere yet."""
    done = _libc.syscall(MOVE_MOUNT, fd, b"", AT_FDCWD, where.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    _checked(done, f"move_mount to {where}")


def join(namespace: int, flags: int) -> None:
    """Enters the namespace that descriptor `namespace` names."""
    _checked(_libc.setns(namespace, flags), "setns")


def close_all_but(kept: Iterable[int]) -> None:
    edges = [-1, *sorted(kept), MAX_FDS]
    for low, high in itertools.pairwise(edges):
        if low + 1 < high:  # an empty range would close everything
            os.closerange(low + 1, high)


def users(outside: int) -> dict[str, str]:
    """What to write into which file of a process, in order, to make `outside` its only user."""
    line = f"{UID} {outside} 1"
    return {"setgroups": "deny", "uid_map": line, "gid_map": line}


def own_folders(folders: list[str], allowance: Allowance, uid: int) -> None:
    """Gives this mount namespace its own /proc and empty writable `folders`, of limited size."""
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    nodes = max(1024, allowance.disk_bytes // (1 << 20) * NODES_PER_MIB)
    for folder in folders:
        mode = "0700" if folder.startswith("/home") else "1777"
        data = f"size={allowance.disk_bytes},nr_inodes={nodes},mode={mode},uid={uid},gid={uid}"
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, data)


def loopback_up() -> None:
    """An own network namespace starts with its loopback down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack_from("h", fcntl.ioctl(control, SIOCGIFFLAGS, request), 16)[0]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def limit(allowance: Allowance) -> None:
    """Limits of each process from here on; the number of processes is that of the user."""
    limits = {
        resource.RLIMIT_DATA: _data_bytes() + allowance.memory_bytes,
        resource.RLIMIT_NPROC: allowance.pids,
        resource.RLIMIT_FSIZE: allowance.file_bytes,
        resource.RLIMIT_NOFILE: allowance.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if not allowance.pids:
        del limits[resource.RLIMIT_NPROC]
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _data_bytes() -> int:
    """Private memory that this process has set aside, used or not."""
    found = re.search(r"^VmData:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10


def drop_privileges() -> None:
    """No capability, now or by any program run later, and only harmless system calls."""
    for number in range(NUM_CAPABILITIES):
        if _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, struct.pack("6I", *[0] * 6)), "capset")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    filter_calls()


def filter_calls() -> None:
    """Refuses dangerous system calls from here on; needs no privilege after no-new-privileges."""
    code = program()
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(head, len(head))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(holder))


def hide() -> None:
    """Keeps processes of the same user from reading or tracing this one."""
    prctl(PR_SET_DUMPABLE, 0)


def show() -> None:
    """Undoes `hide` in a forked process that runs other people's code."""
    prctl(PR_SET_DUMPABLE, 1)
