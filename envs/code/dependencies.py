"""What a repository needs to run its tests: resolved as of a date, installed once, found by hash.

A lock is the text of a requirements file with every version pinned and every archive's hash; uv
resolves it among releases that existed at a date, so that an old suite meets the libraries of its
time. Only wheels are installed: nothing of a stranger's runs on this machine while we install.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from data.errors import EnvironmentFault, SourceError, UserError
from data.staging import staged

RESOLVE_TIMEOUT_S = 120.0
INSTALL_TIMEOUT_S = 600.0
MAX_SHOWN = 300
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Version of the interpreter in our sandboxes, which is the one that runs us."""


def lock(requirements: Sequence[str], before: datetime) -> str:
    """The pinned, hashed requirements that satisfy `requirements` with releases up to `before`.

    Raises `SourceError` where there are none, with the resolver's own reason.
    """
    done = _uv(
        ["pip", "compile", "-", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"]
        + ["--only-binary", ":all:", "--python-version", PYTHON]
        + ["--exclude-newer", before.isoformat()],
        RESOLVE_TIMEOUT_S,
        stdin="\n".join(requirements),
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[:MAX_SHOWN]
        raise SourceError(f"cannot resolve {', '.join(requirements)}: {reason}")
    return done.stdout


def lock_hash(lock_text: str) -> str:
    return hashlib.sha256(f"{PYTHON}\n{lock_text}".encode()).hexdigest()


def installed(lock_text: str, root: Path) -> Path:
    """The folder below `root` that holds what `lock_text` pins; installed by the first who asks.

    Raises `EnvironmentFault` where it cannot be installed, or another process takes too long.
    """
    folder = root / f"site-{lock_hash(lock_text)[:32]}"
    if folder.is_dir():
        return folder
    try:
        with staged(folder) as aside:
            done = _uv(
                ["pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"]
                + ["--python-version", PYTHON, "--target", str(aside), "-r", "-"],
                INSTALL_TIMEOUT_S,
                stdin=lock_text,
            )
            if done.returncode:
                reason = " ".join(done.stderr.split())[:MAX_SHOWN]
                raise EnvironmentFault(f"cannot install the dependencies of a task: {reason}")
            shutil.rmtree(aside / "bin", ignore_errors=True)
    except UserError as error:
        raise EnvironmentFault(str(error)) from error
    return folder


def _uv(
    arguments: Sequence[str], timeout_s: float, stdin: str
) -> "subprocess.CompletedProcess[str]":
    keep = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
    env = {key: value for key, value in os.environ.items() if key in keep}
    if index := os.environ.get("PIP_INDEX_URL"):
        env["UV_INDEX_URL"] = index
    try:
        return subprocess.run(
            [sys.executable, "-m", "uv", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(f"uv did not end within {timeout_s:g} s") from error
