"""The main line of a clone as changes: what each commit on it did to which files, newest first.

A merge is one change against its first parent, so that a pull request is one change however it was
merged; one that was rebased onto the main line is put together from its commits by `pulls`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from data.errors import SourceError
from envs.code.clone import Clone, decoded_path

MAX_CHANGES = 50_000
_FIELDS = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cI%x00%B"
_NUM_FIELDS = 7
_NO_BLOB = frozenset("0")
_FILES = ("100644", "100755", "100664")


class Touched(NamedTuple):
    """One file of a change; a renamed one is a removed and an added one that know each other."""

    path: str
    old: str
    """Hash of its content before; '' where it is new, and where it was no plain file."""
    new: str
    """Hash of its content after; '' where it is removed, or is no plain file now."""
    renamed_from: str = ""


class Change(NamedTuple):
    commit: str
    base: str
    """The commit before it on the main line; '' for the first."""
    parents: tuple[str, ...]
    author: str
    email: str
    authored: datetime
    committed: datetime
    message: str
    files: tuple[Touched, ...]
    odd: bool = False
    """Touches a path that no tree of ours holds, or what is no file: a link, a submodule."""

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0].strip()


def main_line(clone: Clone, head: str, limit: int = MAX_CHANGES) -> list[Change]:
    """The newest `limit` changes that led to `head`."""
    output = clone.run(
        "log", "-z", "--first-parent", f"--format={_FIELDS}", f"--max-count={limit}", head, "--"
    )
    fields = output.decode(errors="replace").split("\0")
    rows = [fields[at : at + _NUM_FIELDS] for at in range(0, len(fields) - 1, _NUM_FIELDS)]
    pairs = [(row[0], row[1].split()[0]) for row in rows if row[1]]
    touched = compared(clone, pairs)
    return [_change(row, *touched.get(row[0], ((), False))) for row in rows]


def _change(row: Sequence[str], files: tuple[Touched, ...], odd: bool) -> Change:
    commit, parents, author, email, authored, committed, message = row
    return Change(
        commit,
        parents.split()[0] if parents else "",
        tuple(parents.split()),
        author,
        email,
        _moment(authored),
        _moment(committed),
        message.strip(),
        files,
        odd,
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceError(f"a commit has the impossible date {text!r}") from error


def compared(
    clone: Clone, pairs: Sequence[tuple[str, str]]
) -> dict[str, tuple[tuple[Touched, ...], bool]]:
    """For each pair of a commit and what came before it: the files touched, and whether oddly so."""
    if not pairs:
        return {}
    lines = "".join(f"{commit} {base}\n" for commit, base in pairs)
    output = clone.run(
        "diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "-M70%", "-l400", "--no-ext-diff",
        stdin=lines.encode(),
    )  # fmt: skip
    return {commit: _united(raw) for commit, raw in _parted(output)}


class _Raw(NamedTuple):
    modes: tuple[str, str]
    blobs: tuple[str, str]
    status: str
    paths: tuple[bytes, ...]


def _parted(output: bytes) -> Iterator[tuple[str, list[_Raw]]]:
    """The parts of `diff-tree --stdin -z`: a commit's hash, then its files."""
    commit, found = "", list[_Raw]()
    parts = iter(output.split(b"\0"))
    for part in parts:
        if not part.startswith(b":"):
            if commit:
                yield commit, found
            commit, found = part.decode(), []
            continue
        before, after, old, new, status = part[1:].decode().split()
        paths = tuple(next(parts) for _ in range(2 if status[0] in "RC" else 1))
        found.append(_Raw((before, after), (old, new), status[0], paths))


def _united(raw: Sequence[_Raw]) -> tuple[tuple[Touched, ...], bool]:
    found, odd = [], False
    for one in raw:
        plain = [mode in _FILES for mode in one.modes]
        blobs = [
            "" if not is_plain or set(blob) == _NO_BLOB else blob
            for blob, is_plain in zip(one.blobs, plain, strict=True)
        ]
        paths = [decoded_path(path) for path in one.paths]
        if not all(paths) or not any(plain):
            odd = True
        elif len(paths) == 2:
            if one.status == "R":
                found.append(Touched(paths[0], blobs[0], ""))
            found.append(Touched(paths[1], "", blobs[1], renamed_from=paths[0]))
        else:
            odd = odd or not all(
                is_plain or mode == "000000"
                for is_plain, mode in zip(plain, one.modes, strict=True)
            )
            found.append(Touched(paths[0], *blobs))
    return tuple(sorted(found)), odd


def messages(clone: Clone, tip: str, base: str, limit: int = 100) -> tuple[str, ...]:
    """Messages of the commits that `tip` has and `base` lacks, newest first."""
    output = clone.run("log", "-z", "--format=%B", f"--max-count={limit}", tip, f"^{base}", "--")
    return tuple(
        text.strip() for text in output.decode(errors="replace").split("\0") if text.strip()
    )
