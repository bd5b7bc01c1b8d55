"""What code tasks in other languages than Python need, on any Debian machine; standard library only.

    python scripts/toolchains.py install          installs what is missing of all languages
    python scripts/toolchains.py install go php   ... of these

Prints one line a language that says what is there now, or what stands in the way; the exit code is 0
either way, because what needs a toolchain says so itself. On a bare Debian 12 all of them together
are about 330 MB to download.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

APT_TIMEOUT_S = 1200
TRY_S = 60
JARS = "/usr/share/java"
LANGUAGES: dict[str, dict[str, str]] = {
    "node": {
        "node": "nodejs",
        "npm": "npm",
        "/usr/share/nodejs/typescript": "node-typescript",
    },
    "go": {"go": "golang-go", "gcc": "gcc", "/usr/include/stdio.h": "libc6-dev"},
    "java": {
        "javac": "default-jdk-headless",
        f"{JARS}/junit4.jar": "junit4",
        f"{JARS}/junit-platform-console.jar": "junit5",
    },
    "c": {"gcc": "gcc", "make": "make", "cmake": "cmake", "/usr/include/stdio.h": "libc6-dev"},
    "cpp": {"g++": "g++", "make": "make", "cmake": "cmake"},
    "php": {
        "php": "php-cli",
        "phpunit": "phpunit",
        "php:dom": "php-xml",
        "php:mbstring": "php-mbstring",
    },
    "clock": {"libfaketime": "libfaketime"},
}
"""What shows that something is there (a program, a file, an extension of PHP), and its package."""
VERSIONS = {
    "node": ["node", "--version"],
    "go": ["go", "version"],
    "java": ["javac", "-version"],
    "c": ["gcc", "-dumpfullversion"],
    "cpp": ["g++", "-dumpfullversion"],
    "php": ["php", "-r", "echo PHP_VERSION;"],
}


def missing(language: str) -> list[str]:
    """Packages of `language` that have to be installed."""
    found = LANGUAGES[language].items()
    return sorted({package for sign, package in found if not _is_there(sign)})


def _is_there(sign: str) -> bool:
    if sign.startswith("/"):
        return Path(sign).exists()
    if sign == "libfaketime":
        return any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if sign.startswith("php:"):
        return bool(shutil.which("php")) and sign[4:] in _said(["php", "-m"]).splitlines()
    return shutil.which(sign) is not None


def install(packages: list[str]) -> str:
    """Installs `packages`; returns what stands in the way, or nothing."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"install {' '.join(packages)} first, which takes root"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
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


def _said(argv: list[str]) -> str:
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TRY_S
    )
    return done.stdout.strip()


def report(language: str, why: str) -> str:
    """One line on what there is of `language`."""
    if packages := missing(language):
        return f"{language}: no {', '.join(packages)}: {why or 'nothing was installed'}"
    if language not in VERSIONS:
        return f"{language}: there"
    version = re.search(r"\d+(\.\d+)+", _said(VERSIONS[language]))
    return f"{language}: {version[0] if version else 'there'}"


def main(arguments: list[str]) -> int:
    names = arguments[1:] or list(LANGUAGES)
    if arguments[:1] != ["install"] or not set(names) <= set(LANGUAGES):
        known = " ".join(LANGUAGES)
        print(f"usage: python scripts/toolchains.py install [{known}]", file=sys.stderr)
        return 2
    packages = sorted({package for name in names for package in missing(name)})
    why = install(packages) if packages else ""
    for name in names:
        line = report(name, why)
        print(line, file=sys.stderr if missing(name) else sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
