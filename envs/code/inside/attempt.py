"""Tries one-line changes of the functions that a report names, until its reproduction does as it should.

Runs in the agent's working copy: `python attempt.py`, with a JSON object on stdin: `script` (the
reproduction), `expected` (what it should print; empty if nobody says), `names`, `sources`. Prints the change that it kept, or that there is none. Standard library only.
"""

import ast
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RUN_S = 10
TOTAL_S = 75
MAX_TRIES = 120
SWAPS = (
    ("<=", "<"), (">=", ">"), ("<", "<="), (">", ">="), ("<", ">"), (">", "<"), ("==", "!="), ("!=", "=="),
    (" + ", " - "), (" - ", " + "), (" and ", " or "), (" or ", " and "), (" not in ", " in "),
    (" in ", " not in "), (" is not ", " is "), (" is ", " is not "), ("not ", ""), ("if ", "if not "),
    ("True", "False"), ("False", "True"), (" * ", " / "), (" // ", " / "), ("continue", "break"),
    ("break", "continue"), ("min(", "max("), ("max(", "min("), (".lstrip(", ".rstrip("),
    (".rstrip(", ".lstrip("), (" + 1", ""), (" - 1", ""), ("[0]", "[-1]"), ("[-1]", "[0]"),
)  # fmt: skip


def variants(line: str) -> Iterator[str]:
    """`line` with one small thing changed, each possible way once."""
    seen = {line}
    for old, new in SWAPS:
        for found in re.finditer(re.escape(old), line):
            yield from fresh(line[: found.start()] + new + line[found.end() :], seen)
    for found in re.finditer(r"(?<![\w.])\d+(?![\w.])", line):
        for value in (int(found[0]) + 1, int(found[0]) - 1):
            yield from fresh(f"{line[: found.start()]}{value}{line[found.end() :]}", seen)


def fresh(line: str, seen: set[str]) -> Iterator[str]:
    if line not in seen:
        seen.add(line)
        yield line


def functions(path: Path) -> Iterator[tuple[str, int, int]]:
    """Name, first line and last line of each function."""
    try:
        tree = ast.parse(path.read_text())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.body[0].lineno, node.end_lineno or node.lineno


def run(script: str) -> tuple[str, str]:
    """What the reproduction prints, and what it says on stderr."""
    command = [sys.executable, "-c", script]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S)
    except subprocess.TimeoutExpired:
        return "", "timeout"
    return done.stdout, done.stderr if done.returncode else ""


def good(out: str, err: str, job: dict[str, Any], at_first: tuple[str, str]) -> bool:
    """Whether the reproduction does as it should, or at least no longer as it should not."""
    if job["expected"]:
        wanted, last = job["expected"].strip(), (err.strip().splitlines() or [""])[-1]
        return wanted in (out.strip(), last) or last.startswith(f"{wanted}:")
    return not err and (out, err) != at_first


def suspects(job: dict[str, Any], err: str) -> list[tuple[Path, int, int]]:
    """Functions of the sources, those in the traceback first, then those that are named."""
    frames = {(m[1], int(m[2])) for m in re.finditer(r'File "([^"]+)", line (\d+)', err)}
    found = []
    for source in job["sources"]:
        path = Path(source)
        for name, first, last in functions(path):
            hit = any(Path(f) == path.absolute() and first <= line <= last for f, line in frames)
            rank = (2 * hit) + (name in job["names"])
            if rank:
                found.append((-rank, last - first, str(path), first, last))
    return [(Path(path), first, last) for _, _, path, first, last in sorted(found)]


def attempt(job: dict[str, Any]) -> str:
    """The change that was made, or why there is none."""
    at_first = run(job["script"])
    if job["expected"] and good(*at_first, job, at_first):
        return "the reproduction does as it should already"
    until, tries = time.monotonic() + TOTAL_S, 0
    for path, number, line in changes(suspects(job, at_first[1])):
        if tries >= MAX_TRIES or time.monotonic() > until:
            break
        tries += 1
        text, kept = path.read_text(), False
        lines = text.splitlines(keepends=True)
        try:
            path.write_text("".join([*lines[: number - 1], line, *lines[number:]]))
            kept = good(*run(job["script"]), job, at_first)
        finally:
            if not kept:
                path.write_text(text)
        if kept:
            return f"{path}:{number}: {line.strip()}"
    return f"no change of one line helps ({tries} tried)"


def changes(places: list[tuple[Path, int, int]]) -> Iterator[tuple[Path, int, str]]:
    """File, number and new text of each line that could be another."""
    for path, first, last in places:
        lines = path.read_text().splitlines(keepends=True)
        for number in range(first, last + 1):
            for line in variants(lines[number - 1]):
                yield path, number, line


if __name__ == "__main__":
    sys.stdout.write(attempt(json.load(sys.stdin)) + "\n")
