"""The documentation says what the program says, and its examples run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from data.task import TaskKind

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_of_commands_is_what_the_help_texts_say() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/commands.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("kind", list(TaskKind))
def test_the_example_of_every_kind_runs(kind: TaskKind, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"examples.{kind}", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"exported [1-9]\d* tasks", done.stdout)


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
