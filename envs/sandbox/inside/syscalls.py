"""A seccomp filter: the system calls that hostile code gets an error for.

Refused are new namespaces, mounts, tracing and reading of other processes, limits of other
processes, kernel interfaces with a history of holes (bpf, io_uring, keyrings, userfaultfd), and
sockets of families that network namespaces do not confine (vsock among them).
"""

import platform
import struct

ALLOW = 0x7FFF0000
KILL = 0x80000000
ERRNO = 0x00050000
EPERM, ENOSYS = 1, 38
# Offsets of `struct seccomp_data`; arguments are read by their low halves.
NR, ARCH, ARG0 = 0, 4, 16
LOAD, JUMP_EQUAL, JUMP_NOT_BELOW, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
X32_BIT = 0x40000000
NEW_NAMESPACES = 0x7E020000
"""All CLONE_NEW* flags."""
SOCKET_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; the last lists interfaces."""

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Number on x86_64, on aarch64; -1 where there is none.
REFUSED = {
    "ptrace": (101, 117),
    "syslog": (103, 116),
    "pivot_root": (155, 41),
    "adjtimex": (159, 171),
    "chroot": (161, 51),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "mount": (165, 40),
    "umount2": (166, 39),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, -1),
    "ioperm": (173, -1),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "quotactl": (179, 60),
    "clock_settime": (227, 112),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "fanotify_init": (300, 262),
    "open_by_handle_at": (304, 265),
    "clock_adjtime": (305, 266),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "kexec_file_load": (320, 294),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
}
CLONE, CLONE3, PRLIMIT64, SOCKET = (56, 220), (435, 435), (302, 261), (41, 198)


def program() -> bytes:
    """The filter for this machine as an array of `struct sock_filter`.

    Raises `OSError` on a machine whose system calls it does not know.
    """
    machine = platform.machine()
    if machine not in AUDIT_ARCH:
        raise OSError(f"no seccomp filter for {machine}; x86_64 and aarch64 have one")
    column = list(AUDIT_ARCH).index(machine)
    code = [(LOAD, 0, 0, ARCH), (JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]), (RETURN, 0, 0, KILL)]
    code.append((LOAD, 0, 0, NR))
    if machine == "x86_64":
        code += [(JUMP_NOT_BELOW, 0, 1, X32_BIT), (RETURN, 0, 0, ERRNO | ENOSYS)]
    for numbers in REFUSED.values():
        if numbers[column] >= 0:
            code += [(JUMP_EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, ERRNO | EPERM)]
    # glibc falls back to clone, whose flags a filter can read.
    code += [(JUMP_EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, ERRNO | ENOSYS)]
    code += _checked(CLONE[column], [(JUMP_SET, 0, 1, NEW_NAMESPACES), (RETURN, 0, 0, _REFUSE)])
    own = [(JUMP_EQUAL, 1, 0, 0), (RETURN, 0, 0, _REFUSE)]
    code += _checked(PRLIMIT64[column], own)
    families = [
        (JUMP_EQUAL, len(SOCKET_FAMILIES) - at, 0, family)
        for at, family in enumerate(SOCKET_FAMILIES)
    ]
    code += _checked(SOCKET[column], [*families, (RETURN, 0, 0, _REFUSE)])
    code.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


_REFUSE = ERRNO | EPERM
_Instruction = tuple[int, int, int, int]


def _checked(number: int, body: list[_Instruction]) -> list[_Instruction]:
    """`body` on the first argument of call `number`; what it does not refuse is allowed."""
    return [
        (JUMP_EQUAL, 0, len(body) + 2, number),
        (LOAD, 0, 0, ARG0),
        *body,
        (RETURN, 0, 0, ALLOW),
    ]
