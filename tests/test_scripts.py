"""The scripts that `make test` calls, against the servers they start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.docker_engine import version

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.docker
def test_the_doctor_names_the_engine_that_answers() -> None:
    answering = version()
    if not answering:
        pytest.skip("no Docker engine answers here")
    done = subprocess.run(
        [sys.executable, "cli.py", "doctor", "--json"], cwd=ROOT, capture_output=True, timeout=120
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    (engine,) = [row for row in found if row["name"] == "docker"]
    assert engine["works"] is True
    assert answering in engine["detail"]


def test_starting_an_engine_twice_is_harmless() -> None:
    before = version()
    if not before:
        pytest.skip("no Docker engine answers here")
    command = [sys.executable, "scripts/docker_engine.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.strip() == f"Docker engine {before}"
