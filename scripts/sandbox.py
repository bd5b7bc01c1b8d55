"""What sandboxes need, on any Debian machine; standard library only.

    python scripts/sandbox.py install     installs bubblewrap where it is missing

Prints one line that says what is there now, or what stands in the way; the exit code is 0 either
way, because what needs a sandbox says so itself. Containers need an engine besides, see
`scripts/docker_engine.py`; their image is made when the first one is opened.
"""

import os
import shutil
import subprocess
import sys

PACKAGE = "bubblewrap"
APT_TIMEOUT_S = 300
TRY_S = 10
TRY = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]


def problem() -> str:
    """Why no sandbox of namespaces can be made here; empty if one can."""
    if shutil.which("bwrap") is None:
        return f"{PACKAGE} is not installed"
    try:
        done = subprocess.run(TRY, capture_output=True, text=True, timeout=TRY_S)
    except subprocess.TimeoutExpired:
        return f"{' '.join(TRY)} does not end within {TRY_S} s"
    return "" if done.returncode == 0 else (done.stderr.strip() or "bwrap failed").splitlines()[-1]


def install() -> str:
    """Installs bubblewrap; returns what stands in the way, or nothing."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"install {PACKAGE} first, which takes root"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", PACKAGE]):
        done = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=APT_TIMEOUT_S,
        )
        if done.returncode:
            return f"apt-get {arguments[0]}: {(done.stderr.strip() or '?').splitlines()[-1]}"
    return ""


def main(arguments: list[str]) -> int:
    if arguments != ["install"]:
        print("usage: python scripts/sandbox.py install", file=sys.stderr)
        return 2
    if shutil.which("bwrap") is None and (why := install()):
        print(f"no sandboxes of namespaces: {why}", file=sys.stderr)
        return 0
    if why := problem():
        print(f"no sandboxes of namespaces: {why}", file=sys.stderr)
        return 0
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, timeout=TRY_S)
    print(f"sandboxes of namespaces by {version.stdout.strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
