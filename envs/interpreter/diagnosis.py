"""What kernels need of this machine: a sandbox, the packages that cells may import, memory."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from data.errors import EnvironmentFault
from envs.base import Finding
from envs.interpreter.pool import KERNEL_MIB
from envs.interpreter.service import PACKAGES
from envs.sandbox import cgroups, docker, view
from envs.sandbox.inside.syscalls import AUDIT_ARCH

TRY_S = 10
MIN_FREE_MIB = 1024
INSTALL = "python scripts/sandbox.py install"


def diagnose() -> Iterator[Finding]:
    """One sandbox technology is required, either will do; the rest says what it is worth."""
    namespaces, engine = _namespaces(), _engine()
    needed = not (namespaces.works or engine.works)
    yield namespaces._replace(required=needed)
    yield engine._replace(required=needed)
    yield _groups()
    yield _packages()
    yield _memory()


def _namespaces() -> Finding:
    name = "sandboxes of namespaces"
    program = shutil.which("bwrap")
    if program is None:
        return Finding(name, False, f"bubblewrap is not installed; run '{INSTALL}'")
    if os.uname().machine not in AUDIT_ARCH:
        known = " and ".join(AUDIT_ARCH)
        return Finding(name, False, f"{os.uname().machine} is not supported; {known} are")
    command = [program, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TRY_S)
    except subprocess.TimeoutExpired:
        return Finding(name, False, f"bubblewrap does not end within {TRY_S} s")
    if done.returncode:
        said = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
        advice = "allow user namespaces (sysctl user.max_user_namespaces, "
        advice += "kernel.apparmor_restrict_unprivileged_userns=0) or run as root"
        return Finding(name, False, f"{said}; {advice}")
    who = "each with a user of its own" if os.geteuid() == 0 else "all as this user"
    return Finding(name, True, f"bubblewrap, {who}")


def _engine() -> Finding:
    name = "Docker engine"
    try:
        return Finding(name, True, docker.engine_version())
    except EnvironmentFault as fault:
        return Finding(name, False, str(fault))


def _groups() -> Finding:
    place = cgroups.hierarchy()
    if place is None:
        detail = (
            "none can be made here: memory of a sandbox is watched instead, its CPU is not limited; "
            "run as root, or in a delegated cgroup"
        )
        return Finding("cgroups", False, detail, required=False)
    return Finding("cgroups", True, f"version {place.version}", required=False)


def _packages() -> Finding:
    try:
        paths = view.package_paths(PACKAGES)
    except EnvironmentFault as fault:
        return Finding("packages for cells", False, str(fault))
    return Finding("packages for cells", True, f"{', '.join(PACKAGES)}: {len(paths)} folders")


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    free_mib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvail")) >> 10
    detail = f"{free_mib:,} MiB free, about {free_mib // KERNEL_MIB} idle kernels"
    return Finding("memory for kernels", free_mib >= MIN_FREE_MIB, detail)
