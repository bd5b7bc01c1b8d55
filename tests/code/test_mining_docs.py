"""The page on mining says what the program does, and its commands run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synth.code.mining.reasons import MEANINGS
from synth.code.mining.source import parse_source
from tests.code.mining_api import served
from tests.code.mining_tally import site, tally

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "code-sources.md"


def run(folder: Path, command: str, *more: str) -> "subprocess.CompletedProcess[str]":
    words = command.split()
    assert words[0] == "python"
    return subprocess.run(
        [sys.executable, *words[1:], *more],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GITHUB_TOKEN": "secret"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_worked_example_gives_what_the_page_shows(tmp_path: Path) -> None:
    shell, shown = re.findall(r"```(?:sh|text)\n(.*?)```", PAGE.read_text(), re.DOTALL)[:2]
    fetch, mine = shell.splitlines()
    repo = tally(tmp_path)
    folder = tmp_path / "work"
    folder.mkdir()
    with served(site(repo)) as server:
        fetched = run(folder, fetch, "--api", server.url, "--address", str(repo.clone))
    assert fetched.returncode == 0, fetched.stderr
    source = parse_source(fetched.stdout.strip())
    assert (source.sort, source.name) == ("git", "acme/tally")
    assert source.path == folder / "tally.git"
    assert {asked.headers["Authorization"] for asked in server.asked} == {"Bearer secret"}
    assert "secret" not in fetched.stderr + (folder / "mined/acme/tally/pages.jsonl").read_text()
    mined = run(folder, mine)
    assert mined.stdout == shown
    assert re.search(r"^ +4 bug$", mined.stderr, re.MULTILINE)


def test_every_reason_stands_on_the_page_with_its_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [(str(reason), meaning) for reason, meaning in MEANINGS.items()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("mine git:nowhere", "nowhere is no git repository"),
        ("mine git:nowhere,color=red", "'color=red' is no option"),
        ("fetch tally", "'tally' is no repository; name one as OWNER/NAME"),
        ("fetch acme/tally --api tally", "'tally' is no address of an API"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(tmp_path: Path, arguments: str, said: str) -> None:
    done = run(tmp_path, f"python -m synth.code.mining {arguments}")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
