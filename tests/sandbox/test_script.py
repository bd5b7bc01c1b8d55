"""The script that installs what sandboxes need."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = [sys.executable, "scripts/sandbox.py"]


def test_installing_what_is_there_is_harmless() -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    done = subprocess.run(
        [*SCRIPT, "install"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "bubblewrap" in done.stdout + done.stderr


def test_anything_else_is_a_usage_error() -> None:
    done = subprocess.run(SCRIPT, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage:")
