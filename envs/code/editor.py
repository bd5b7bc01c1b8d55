"""`view` and `edit`: files of the sandbox shown with line numbers, and changed by exact replacement.

Files are read and written from outside, with the rights of the agent; the shell is not needed for it.
"""

import difflib
import errno
import re
from pathlib import PurePosixPath
from typing import NamedTuple

from data.trajectory import Observation
from envs.code.printed import shown
from envs.code.spec import REPOSITORY
from envs.sandbox.base import Entry, Sandbox

MAX_FILE_BYTES = 4 << 20
"""Of a file that is shown or edited; larger ones are for the shell."""
MAX_LINE_CHARS = 2000
MAX_NAMES = 400
MAX_DEPTH = 2
MAX_COMPARED = 5_000
"""Lines among which the nearest one is looked for."""
CONTEXT_LINES = 3
_WORD = re.compile(r"\w+")
_UNSEEN = frozenset({".git", "__pycache__", ".pytest_cache"})


class _Change(NamedTuple):
    """A text in three pieces; together they are the file."""

    before: str
    new: str
    after: str


class Editor:
    """For one event loop; raises `EnvironmentFault` if the sandbox is lost."""

    def __init__(self, sandbox: Sandbox, max_output_chars: int) -> None:
        self._sandbox = sandbox
        self._max_output_chars = max_output_chars

    async def view(self, path: str, start: int = 1, end: int | None = None) -> Observation:
        """Lines `start` to `end` of a file, or the names in a folder."""
        place = absolute(path)
        try:
            found = await self._sandbox.walk(place, max_depth=MAX_DEPTH)
            if found[""].kind == "folder":
                return self._listing(place, found)
            content = await self._read(place)
        except OSError as error:
            return _mistake(_wrong(path, error))
        if b"\0" in content:
            return _mistake(f"{path} is a binary file of {len(content):,} bytes; use bash")
        lines = _lines(content)
        if end is not None and end < start:
            return _mistake(f"the last line {end} comes before the first line {start}")
        if start > max(1, len(lines)):
            return _mistake(f"{path} has {len(lines)} lines; line {start} is beyond its end")
        if not lines:
            return Observation(text=f"{path} is empty.")
        return self._numbered(path, lines, start, min(end or len(lines), len(lines)))

    async def edit(self, path: str, old: str, new: str) -> Observation:
        """Replaces the one occurrence of `old`; with an empty `old` makes a new file of `new`."""
        place = absolute(path)
        try:
            content = await self._read(place)
        except FileNotFoundError as error:
            return await self._made(path, place, new) if not old else _mistake(_wrong(path, error))
        except OSError as error:
            return _mistake(_wrong(path, error))
        if not old:
            if content:
                return _mistake(f"{path} exists; give the text to replace in `old`")
            return await self._made(path, place, new)
        change = _change(path, content, old, new)
        if isinstance(change, str):
            return _mistake(change)
        if wrong := await self._write(path, place, "".join(change).encode(), content):
            return wrong
        return self._around(path, change)

    def _around(self, path: str, change: "_Change") -> Observation:
        """The lines that were changed, with those next to them."""
        first = change.before.count("\n") + 1
        lines = _lines("".join(change).encode())
        start = max(1, first - CONTEXT_LINES)
        end = min(len(lines), first + change.new.count("\n") + CONTEXT_LINES)
        if end < start:
            return Observation(text=f"{path} is empty now.")
        return self._numbered(path, lines, start, end, "Edited ")

    async def _read(self, place: str) -> bytes:
        return (await self._sandbox.get([place], max_bytes=MAX_FILE_BYTES))[place]

    async def _made(self, path: str, place: str, text: str) -> Observation:
        content = text.encode()
        if wrong := await self._write(path, place, content, b""):
            return wrong
        return Observation(text=f"Created {path}, {len(content):,} bytes.")

    async def _write(
        self, path: str, place: str, content: bytes, before: bytes
    ) -> Observation | None:
        """What went wrong; a file that could not be written is as it was, if there is room."""
        try:
            await self._sandbox.put({place: content})
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
                await self._restore(place, before)
            return _mistake(_wrong(path, error))
        return None

    async def _restore(self, place: str, content: bytes) -> None:
        try:
            await self._sandbox.put({place: content})
        except OSError:
            return  # the agent was told that the disk is full

    def _listing(self, place: str, found: dict[str, Entry]) -> Observation:
        names = []
        for name, entry in sorted(found.items()):
            parts = name.split("/")
            if not name or len(parts) > MAX_DEPTH or _UNSEEN & set(parts):
                continue
            ending = {"folder": "/", "link": "@", "other": "|"}.get(entry.kind, "")
            size = f"  ({entry.size_bytes:,} bytes)" if entry.kind == "file" else ""
            names.append(f"{_plain(name)}{ending}{size}")
        cut = len(names) > MAX_NAMES
        head = f"{place}/ ({MAX_DEPTH} levels deep):"
        tail = [f"[... {len(names) - MAX_NAMES} more names are not shown ...]"] if cut else []
        return Observation(text="\n".join([head, *names[:MAX_NAMES], *tail]), truncated=cut)

    def _numbered(
        self, path: str, lines: list[str], start: int, end: int, verb: str = ""
    ) -> Observation:
        """Lines `start` to `end`, counted from 1, as far as an observation has room."""
        head = f"{verb}{path}, lines {start}-{{}} of {len(lines)}:"
        found: list[str] = []
        room, cut = self._max_output_chars - len(head) - 100, False
        for number in range(start, end + 1):
            line = lines[number - 1]
            if len(line) > MAX_LINE_CHARS:
                line = f"{line[:MAX_LINE_CHARS]} [... {len(line) - MAX_LINE_CHARS} more characters]"
                cut = True
            room -= len(line) + 8
            if room < 0 and found:
                break
            found.append(f"{number:>6}\t{line}")
        last = start + len(found) - 1
        if last < end:
            found.append(
                f"[... lines {last + 1}-{end} are not shown; view them with start={last + 1}]"
            )
        text = "\n".join([head.format(last), *found])
        return Observation(text=text, truncated=cut or last < end)


def absolute(path: str) -> str:
    """Where `path` is: relative ones start at the working copy."""
    return str(PurePosixPath(REPOSITORY, path))


def _mistake(text: str) -> Observation:
    return Observation(text=f"Error: {text}.", error=True)


def _wrong(path: str, error: OSError) -> str:
    """What the system says of `path`, in words for the agent."""
    if error.errno == errno.EFBIG:
        return f"{path} has more than {MAX_FILE_BYTES:,} bytes; use bash (sed -n, head, grep)"
    if error.errno == errno.E2BIG:
        return f"{path} has too many names below it; use bash (ls)"
    reason = error.strerror or "it cannot be used"
    return f"{_plain(path)}: {reason}"


def _change(path: str, content: bytes, old: str, new: str) -> _Change | str:
    """The new text, or why there is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"{path} is no UTF-8 text; use bash"
    if "\r\n" in text and "\r" not in old:
        # Lines of this file end in CRLF, which no view shows.
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
    count = _count(text, old)
    if count != 1:
        return _no_match(path, text, old, count)
    if old == new:
        return "`old` and `new` are the same; nothing was changed"
    before, _, after = text.partition(old)
    return _Change(before, new, after)


def _count(text: str, old: str) -> int:
    """Occurrences of `old`, overlapping ones too: any of them could be meant."""
    count, at = 0, text.find(old)
    while at >= 0:
        count += 1
        at = text.find(old, at + 1)
    return count


def _no_match(path: str, text: str, old: str, count: int) -> str:
    if count:
        numbers: list[str] = []
        at = -1
        while len(numbers) < 10 and (at := text.find(old, at + 1)) >= 0:
            numbers.append(str(text.count("\n", 0, at) + 1))
        more = ", ..." if count > len(numbers) else ""
        places = f"at lines {', '.join(numbers)}{more}"
        return f"`old` occurs {count} times in {path}, {places}; add lines around it to tell which"
    lines = _lines(text.encode())[:MAX_COMPARED]
    wanted = next((line for line in _lines(old.encode()) if line.strip()), "")
    number = _nearest(wanted, lines)
    if not number:
        return f"`old` does not occur in {path}"
    near = lines[number - 1][:MAX_LINE_CHARS]
    if near == wanted:
        hint = f"its first line is line {number}, but what follows differs"
    elif near.strip() == wanted.strip():
        hint = f"line {number} differs in white space: {near!r}"
    else:
        hint = f"the nearest line is {number}: {near!r}"
    return f"`old` does not occur in {path}; {hint}"


def _nearest(wanted: str, lines: list[str]) -> int:
    """Number of the line most like `wanted`; 0 if none is."""
    bare = wanted.strip()
    for number, line in enumerate(lines, 1):
        if line.strip() == bare and bare:
            return number
    words, best, found = set(_WORD.findall(bare)), 0.5, 0
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(bare[:MAX_LINE_CHARS])
    for number, line in enumerate(lines, 1):
        if words.isdisjoint(_WORD.findall(line)):
            continue
        matcher.set_seq1(line.strip()[:MAX_LINE_CHARS])
        score = max(matcher.ratio(), matcher.find_longest_match().size / len(bare))
        if score > best:
            best, found = score, number
    return found


def _lines(content: bytes) -> list[str]:
    """Lines as `grep -n` counts them, whatever else may end a line elsewhere."""
    lines = shown(content).split("\n")
    return lines if lines[-1] else lines[:-1]


def _plain(name: str) -> str:
    """A name as text: what cannot be written is escaped."""
    return shown(name.encode(errors="surrogateescape"))
