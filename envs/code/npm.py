"""What a Node.js project needs to run its tests: resolved as of a date, installed once, by hash.

A lock is npm's own lock file, every version pinned and every archive's hash in it, without addresses.
Archives come from the registry that npm is configured for; no script of theirs runs, here or later.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from data.errors import EnvironmentFault, SourceError, UserError
from data.staging import staged

RESOLVE_TIMEOUT_S = 180.0
INSTALL_TIMEOUT_S = 600.0
MAX_SHOWN = 300
NAME = "palaestra-site"
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
_KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_KEPT_PREFIX = "npm_config_"
"""npm's own variables name the registry and how to reach it."""


def lock(requirements: Sequence[str], before: datetime) -> str:
    """The lock file for `requirements` (`name@range`) with releases up to `before`.

    Raises `SourceError` where there is none, with npm's own reason.
    """
    with tempfile.TemporaryDirectory(prefix="palaestra-npm-") as name:
        folder = Path(name)
        pairs = (requirement.rpartition("@") for requirement in requirements)
        _manifest(folder, {package: wanted for package, _, wanted in pairs})
        done = npm(
            ["install", "--package-lock-only", "--legacy-peer-deps"]
            + [f"--before={before.isoformat()}", *_QUIET],
            folder,
            RESOLVE_TIMEOUT_S,
        )
        if done.returncode:
            reason = " ".join(done.stderr.split())[:MAX_SHOWN]
            raise SourceError(f"dependencies: cannot resolve {', '.join(requirements)}: {reason}")
        found = json.loads((folder / "package-lock.json").read_text())
    packages = found["packages"]
    for package in packages.values():
        # The address of this machine's registry; hashes are what counts.
        package.pop("resolved", None)
        optional = package.get("optionalDependencies", {})
        for name in sorted(optional):
            # What a registry does not have for other systems would be missed when it is installed.
            if not any(place.endswith(f"node_modules/{name}") for place in packages):
                del optional[name]
    return json.dumps(found, indent=1, sort_keys=True)


def installed(lock_text: str, root: Path) -> Path:
    """The folder below `root` with the `node_modules` that `lock_text` pins.

    Raises `EnvironmentFault` where it cannot be installed, or another process takes too long.
    """
    folder = root / f"node-{hashlib.sha256(lock_text.encode()).hexdigest()[:32]}"
    if folder.is_dir():
        return folder
    try:
        with staged(folder) as aside:
            _manifest(aside, json.loads(lock_text)["packages"][""].get("dependencies", {}))
            (aside / "package-lock.json").write_text(lock_text)
            done = npm(["ci", "--legacy-peer-deps", *_QUIET], aside, INSTALL_TIMEOUT_S)
            if done.returncode:
                reason = " ".join(done.stderr.split())[:MAX_SHOWN]
                raise EnvironmentFault(f"cannot install the dependencies of a task: {reason}")
    except UserError as error:
        raise EnvironmentFault(str(error)) from error
    except (ValueError, KeyError, AttributeError) as error:
        raise EnvironmentFault("the lock of a task is no lock file of npm's") from error
    return folder


def npm(
    arguments: Sequence[str], folder: Path, timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """Runs npm in `folder`; raises `EnvironmentFault` where it is missing or does not end."""
    if shutil.which("npm") is None:
        raise EnvironmentFault("npm is not installed: run 'python scripts/toolchains.py install'")
    env = {
        key: value
        for key, value in os.environ.items()
        if key in _KEPT or key.lower().startswith(_KEPT_PREFIX)
    }
    try:
        return subprocess.run(
            ["npm", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(f"npm did not end within {timeout_s:g} s") from error


def _manifest(folder: Path, dependencies: dict[str, str]) -> None:
    content = {"name": NAME, "version": "1.0.0", "private": True, "dependencies": dependencies}
    (folder / "package.json").write_text(json.dumps(content, sort_keys=True))
