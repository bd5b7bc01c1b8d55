"""What repositories need of this machine: a sandbox, git and uv, room for trees."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from data.errors import EnvironmentFault
from envs.base import Finding
from envs.code.cache import cache_root
from envs.sandbox import docker

TRY_S = 20
MIN_FREE_MIB = 2048


def diagnose() -> Iterator[Finding]:
    yield _sandbox()
    yield _git()
    yield _uv()
    yield _room()


def _sandbox() -> Finding:
    name = "sandboxes for repositories"
    if shutil.which("bwrap"):
        return Finding(name, True, "namespaces, by bubblewrap")
    try:
        return Finding(name, True, f"Docker, {docker.engine_version()}")
    except EnvironmentFault:
        advice = "run 'python scripts/sandbox.py install' or start a Docker engine"
        return Finding(name, False, f"neither bubblewrap nor a Docker engine is here; {advice}")


def _git() -> Finding:
    """The agent's own; we write its repository without."""
    name = "git in sandboxes"
    if found := shutil.which("git", path="/usr/local/bin:/usr/bin:/bin"):
        return Finding(name, True, found, required=False)
    detail = "agents have no git; run 'apt-get install git'"
    return Finding(name, False, detail, required=False)


def _uv() -> Finding:
    name = "uv, for the dependencies of repositories"
    command = [sys.executable, "-m", "uv", "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TRY_S)
    except subprocess.TimeoutExpired:
        return Finding(name, False, f"it does not answer within {TRY_S} s")
    if done.returncode:
        return Finding(name, False, "it is not installed; run 'pip install uv'")
    return Finding(name, True, done.stdout.strip())


def _room() -> Finding:
    name = "room for source trees"
    root = cache_root().absolute()
    place = next(folder for folder in (root, *root.parents) if folder.is_dir())
    free_mib = shutil.disk_usage(place).free >> 20
    advice = "free some space, or set PALAESTRA_CACHE to another folder"
    if not os.access(place, os.W_OK):
        return Finding(name, False, f"{place} cannot be written; {advice}")
    enough = free_mib >= MIN_FREE_MIB
    detail = f"{free_mib:,} MiB free in {place}"
    return Finding(name, enough, detail if enough else f"{detail}; {advice}", required=False)
