"""The examples of a custom world and a custom context manager: they run, and stay short."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("custom_environment", ["number must be of type integer", "answer='37'"]),
        ("custom_context", ["38 turns on record", "before turn", "earlier guesses are not shown"]),
    ],
)
def test_the_example_runs_and_is_under_forty_lines(name: str, said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"examples.{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert all(part in done.stdout for part in said), done.stdout
    assert len((ROOT / "examples" / f"{name}.py").read_text().splitlines()) < 40
