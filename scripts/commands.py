"""Writes docs/commands.md from the help texts of cli.py.

    python scripts/commands.py [--check]

With --check nothing is written; the exit code is 1 if the page is not what the help texts say.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "commands.md"
COLUMNS = "92"


def help_text(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": COLUMNS, "NO_COLOR": "1"}
    command = [sys.executable, "cli.py", *words, "--help"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.rstrip()


def page() -> str:
    parts = ["# Commands\n\nMade from the help texts by `make docs`.\n"]
    return "\n".join([*parts, *sections()])


def sections(*words: str) -> list[str]:
    """The help of a command, then of each command below it."""
    text = help_text(*words)
    heading = f"## {' '.join(words)}\n\n" if words else ""
    found = [f"{heading}```\n{text}\n```\n"]
    _, below, listed = text.partition("Commands:")
    for command in re.findall(r"^  (\w[\w-]*)", listed, flags=re.MULTILINE) if below else ():
        found += sections(*words, command)
    return found


def main(arguments: list[str]) -> int:
    text = page()
    if arguments == ["--check"]:
        current = PAGE.is_file() and PAGE.read_text() == text
        if not current:
            print("docs/commands.md is not what the help texts say; run make docs", file=sys.stderr)
        return 0 if current else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
