"""The script that installs toolchains, on this machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.toolchains import LANGUAGES, missing

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "toolchains.py"


def said(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_installing_what_is_there_says_what_it_is() -> None:
    there = [name for name in LANGUAGES if not missing(name)]
    if not there:
        pytest.skip("no toolchain is installed here; scripts/toolchains.py installs them")
    done = said("install", *there)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == there


def test_an_unknown_language_is_a_usage_error() -> None:
    done = said("install", "cobol")
    assert done.returncode == 2
    assert "node go java c cpp php" in done.stderr
