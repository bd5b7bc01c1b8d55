"""Patches of a distribution: their headers (DEP-3) and their hunks, applied without a program.

Patches are hostile: nothing leaves the tree, and a hunk applies only where all its lines stand.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from data.errors import SourceError
from envs.code.spec import Files
from envs.code.tree import Tree

MAX_PATCH_CHARS = 1 << 20
MAX_OFFSET = 2_000
"""Lines that a hunk may stand away from where it says."""
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_FIELD = re.compile(r"^([A-Z][A-Za-z-]*):\s*(.*)$")
_NAMED = re.compile(r"CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE)
NO_FILE = "/dev/null"


class Hunk(NamedTuple):
    start: int
    """Line, from 0, of the old text."""
    before: tuple[str, ...]
    after: tuple[str, ...]
    ends: bool
    """Whether the old text's last line has no line feed after it."""


class Change(NamedTuple):
    """One file of a patch."""

    old: str | None
    new: str | None
    """Paths, `None` for no file."""
    hunks: tuple[Hunk, ...]


class Patch(NamedTuple):
    name: str
    header: str
    changes: tuple[Change, ...]


def parse(name: str, text: str) -> Patch:
    """A unified diff with what stands before it; raises `SourceError` for what is none."""
    if len(text) > MAX_PATCH_CHARS:
        raise SourceError(f"large: the patch {name} has {len(text)} characters")
    lines = text.split("\n")
    changes: list[Change] = []
    first: int | None = None
    at = 0
    while at < len(lines):
        if not _begins(lines, at):
            at += 1
            continue
        first = at if first is None else first
        old, new = _path(lines[at][4:]), _path(lines[at + 1][4:])
        at, hunks = _hunks(name, lines, at + 2)
        if old is None and new is None:
            raise SourceError(f"malformed: the patch {name} changes no file")
        changes.append(Change(old, new, tuple(hunks)))
    header = lines[: first if first is not None else len(lines)]
    kept = [line for line in header if not line.startswith(("diff ", "index ", "Index:", "====="))]
    return Patch(name, "\n".join(kept).strip(), tuple(changes))


def _begins(lines: list[str], at: int) -> bool:
    return (
        lines[at].startswith("--- ")
        and at + 2 < len(lines)
        and lines[at + 1].startswith("+++ ")
        and bool(_HUNK.match(lines[at + 2]))
    )


def _hunks(name: str, lines: list[str], at: int) -> tuple[int, list[Hunk]]:
    found: list[Hunk] = []
    while at < len(lines) and (head := _HUNK.match(lines[at])):
        left = int(head[2]) if head[2] is not None else 1
        right = int(head[4]) if head[4] is not None else 1
        before: list[str] = []
        after: list[str] = []
        ends = False
        at += 1
        while at < len(lines) and (len(before) < left or len(after) < right):
            sign, line = lines[at][:1], lines[at][1:]
            if sign in (" ", ""):
                before.append(line)
                after.append(line)
            elif sign == "-":
                before.append(line)
            elif sign == "+":
                after.append(line)
            elif sign != "\\":
                raise SourceError(f"malformed: a hunk of the patch {name} ends early")
            at += 1
        while at < len(lines) and lines[at].startswith("\\"):
            ends = True
            at += 1
        if (len(before), len(after)) != (left, right):
            raise SourceError(f"malformed: a hunk of the patch {name} is cut")
        found.append(Hunk(max(int(head[1]) - 1, 0), tuple(before), tuple(after), ends))
    return at, found


def _path(text: str) -> str | None:
    """Without its first folder, as `patch -p1` has it."""
    name = text.split("\t")[0].strip()
    if name == NO_FILE:
        return None
    path = name.partition("/")[2] or name
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise SourceError(f"malformed: a patch leaves its tree, at {name[:80]}")
    return path


def patched(tree: Tree, patch: Patch) -> Files:
    """Texts of the changed files; raises `SourceError` where a hunk does not fit."""
    found: Files = {}
    for change in patch.changes:
        path = change.new or change.old or ""
        text = found.get(change.old or path, _text(tree, change.old))
        if change.new is None:
            found[path] = None
            continue
        found[path] = _applied(text, change, patch.name)
        if change.old is not None and change.old != change.new:
            found[change.old] = None
    return found


def _text(tree: Tree, path: str | None) -> str | None:
    if path is None or path not in tree:
        return None
    try:
        return tree[path].content.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"no_text: {path} is not UTF-8") from error


def _applied(text: str | None, change: Change, name: str) -> str:
    lines = text.split("\n") if text else []
    crlf = bool(text) and "\r\n" in (text or "")
    shift = 0
    for hunk in change.hunks:
        before, after = _as_here(hunk, crlf)
        at = _place(lines, before, hunk.start + shift)
        if at is None:
            raise SourceError(f"malformed: the patch {name} does not apply to {change.new}")
        lines[at : at + len(before)] = after
        shift = at - hunk.start + len(after) - len(before)
    made = "\n".join(lines)
    return made if made.endswith("\n") or not made or text else f"{made}\n"


def _as_here(hunk: Hunk, crlf: bool) -> tuple[list[str], list[str]]:
    """The hunk's lines with the line ends of the file."""

    def ended(line: str) -> str:
        return f"{line}\r" if crlf and not line.endswith("\r") else line

    return [ended(line) for line in hunk.before], [ended(line) for line in hunk.after]


def _place(lines: list[str], wanted: list[str], near: int) -> int | None:
    """Where all of `wanted` stands, nearest to `near`; None if nowhere."""
    if not wanted:
        return min(near, len(lines))
    for offset in range(MAX_OFFSET):
        for at in dict.fromkeys((near - offset, near + offset)):
            if 0 <= at <= len(lines) - len(wanted) and lines[at : at + len(wanted)] == wanted:
                return at
    return None


def fields(header: str) -> Mapping[str, str]:
    """DEP-3 fields by their lower-case name; of a mail, its subject is the description."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in header.split("\n"):
        match = _FIELD.match(line)
        if match:
            name = match[1].lower()
            found.setdefault(name, []).append(match[2])
        elif line[:1] in (" ", "\t") and name:
            found[name].append("" if line.strip() == "." else line.strip())
        elif line.strip() in ("---", "---\r"):
            break
        else:
            # Free text after the fields belongs to the description.
            name = "" if line.strip() else name
            found.setdefault("free", []).append(line.rstrip())
    joined = {key: "\n".join(lines).strip() for key, lines in found.items()}
    if "description" not in joined and "subject" in joined:
        subject = re.sub(r"^\[[^\]]*\]\s*", "", " ".join(joined["subject"].split()))
        joined["description"] = f"{subject}\n\n{joined.get('free', '')}".strip()
    return joined


def references(text: str) -> Iterator[str]:
    """Names of vulnerabilities, each once, in the order of the text."""
    yield from dict.fromkeys(match.upper() for match in _NAMED.findall(text))
