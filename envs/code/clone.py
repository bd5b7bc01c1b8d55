"""A git repository read without trusting it: none of its configuration takes part.

Hooks, filters, pagers, aliases and helpers are programs that a repository's own configuration names.
So git runs in an empty repository of ours that borrows the clone's objects and nothing else: no
configuration, hooks, attributes, replacements or grafts, no working copy, no network. This does not
protect against a defect in the way git itself reads objects and packs.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from data.errors import SourceError
from envs.code.tree import MAX_FILES, MAX_TREE_BYTES, File, inner_path

TIMEOUT_S = 120.0
"""Of one call of git."""
MAX_OUTPUT_BYTES = 512 << 20
"""Of one call of git."""
MAX_SHOWN = 200
_MAX_REF_BYTES = 16 << 20
_MAX_LINKS = 5
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAME = re.compile(r"(?!-)[\w./+@-]{1,200}")
_REMOTE = re.compile(r'^\s*\[remote\s+"origin"\]((?:\n(?!\s*\[).*)*)', re.MULTILINE)
_ADDRESS = re.compile(
    r"^\s*url\s*=\s*(?:\w+://[^/\s]+/|[\w.-]+@[\w.-]+:)([\w.-]+/[\w.-]+?)(?:\.git)?/?\s*$",
    re.MULTILINE,
)
_CONFIG = """[core]
\trepositoryformatversion = {format}
\tbare = true
\tcommitGraph = false
\tmultiPackIndex = false
\tfsmonitor = false
\thooksPath = /dev/null
[gc]
\tauto = 0
[protocol]
\tallow = never
[extensions]
"""


class Entry(NamedTuple):
    """One file of a commit; links and submodules are none."""

    path: str
    blob: str
    size: int
    executable: bool


class Clone:
    """A working copy or a bare repository; use it as a context manager.

    Raises `SourceError`, from every method, for what is no repository of git's or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self._folder, self._common = _folders(self.path)
        self._head = self._ref("HEAD")
        self._own: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Clone":
        self._own = tempfile.TemporaryDirectory(prefix="palaestra-git-")
        own = Path(self._own.name)
        (own / "refs").mkdir()
        (own / "objects").mkdir()
        (own / "HEAD").write_text(f"{self._head}\n")
        longer = len(self._head) == 64
        config = _CONFIG.format(format=int(longer)) + "\tobjectFormat = sha256\n" * longer
        (own / "config").write_text(config)
        if (self._common / "shallow").is_file():
            commits = _HASH.findall(_text(self._common / "shallow"))
            (own / "shallow").write_text("".join(f"{commit}\n" for commit in commits))
        return self

    def __exit__(self, *_: object) -> None:
        assert self._own is not None
        self._own.cleanup()

    @property
    def head(self) -> str:
        """The commit of HEAD."""
        return self._head

    def name(self) -> str:
        """`owner/name` as the address of its origin says; '' where that is a folder, or nothing."""
        config = self._common / "config"
        section = _REMOTE.search(_text(config)) if config.is_file() else None
        found = _ADDRESS.search(section[1]) if section else None
        return found[1] if found else ""

    def commit(self, revision: str) -> str:
        """The full hash of a commit, given by its hash, a unique part of it, a branch or a tag."""
        if not _NAME.fullmatch(revision):
            raise SourceError(f"{revision!r} names no commit")
        wanted = revision if re.fullmatch(r"[0-9a-f]{4,64}", revision) else self._ref(revision)
        return self.run("rev-parse", "--verify", f"{wanted}^{{commit}}").decode().strip()

    def entries(self, commit: str) -> list[Entry]:
        """The files of `commit` in path order, without those that no tree of ours holds.

        Left out: links, submodules, caches, paths that leave the tree or are not UTF-8.
        """
        found = []
        for line in self.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split(b"\0"):
            fields, _, name = line.partition(b"\t")
            path = decoded_path(name)
            if path and fields.startswith((b"100644 ", b"100755 ", b"100664 ")):
                mode, _, blob, size = fields.decode().split()
                if not size.isdecimal():
                    raise _missing(blob)
                found.append(Entry(path, blob, int(size), mode == "100755"))
        return sorted(found)

    def tree(self, commit: str) -> dict[str, File]:
        """The files of `commit`; refused where they are too many or too large."""
        entries = self.entries(commit)
        if len(entries) > MAX_FILES or sum(entry.size for entry in entries) > MAX_TREE_BYTES:
            raise SourceError(f"{self.path} at {commit[:12]} holds more than we take")
        contents = self.blobs(entry.blob for entry in entries)
        return {e.path: File(content=contents[e.blob], executable=e.executable) for e in entries}

    def blobs(self, names: Iterable[str]) -> dict[str, bytes]:
        """Contents by hash, as they are stored: no filter of an attribute is applied."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        output = self.run("cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n")
        return dict(_batch(output, wanted))

    def dirty(self) -> tuple[str, ...]:
        """Paths of the working copy that differ from HEAD, new ones too; none in a bare one."""
        index = self._folder / "index"
        if self._folder == self.path or not index.is_file():
            return ()
        output = self.run(
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--ignore-submodules=all",
            environment={
                "GIT_WORK_TREE": str(self.path),
                "GIT_INDEX_FILE": str(index),
                "GIT_CEILING_DIRECTORIES": str(self.path.parent),
            },
        )
        lines = output.decode(errors="replace").split("\0")
        return tuple(sorted(line[3:] for line in lines if line))

    def run(
        self,
        command: str,
        *arguments: str,
        stdin: bytes = b"",
        environment: dict[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> bytes:
        """What a reading command of git writes."""
        assert self._own is not None, "a clone is read inside its context"
        own = self._own.name
        env = self._environment(own) | (environment or {})
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
            given.write(stdin)
            given.seek(0)
            try:
                process = subprocess.Popen(
                    ["git", "--no-pager", command, *arguments],
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=env,
                    cwd=own,
                )
            except FileNotFoundError as error:
                raise SourceError("there is no program git on this machine; install it") from error
            output, problem = _output(process, timeout_s)
            errors.seek(0)
            said = " ".join(errors.read(MAX_SHOWN).decode(errors="replace").split())
        if problem or process.returncode:
            raise SourceError(f"git {command} in {self.path}: {problem or said or 'failed'}")
        return output

    def _environment(self, own: str) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": own,
            "LC_ALL": "C",
            "TZ": "UTC",
            "GIT_DIR": own,
            "GIT_OBJECT_DIRECTORY": str(self._common / "objects"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "none",
        }

    def _ref(self, name: str) -> str:
        """What a reference stands for, read from its files."""
        for wanted in (name, f"refs/heads/{name}", f"refs/tags/{name}", f"refs/remotes/{name}"):
            found = self._followed(wanted)
            if found:
                return found
        raise SourceError(f"{self.path} has no commit {name!r}")

    def _followed(self, name: str) -> str:
        for _ in range(_MAX_LINKS):
            if not inner_path(name) or not _NAME.fullmatch(name):
                return ""
            loose = [root / name for root in (self._folder, self._common)]
            text = next((_text(path) for path in loose if path.is_file()), "").strip()
            if not text.startswith("ref: "):
                return text if _HASH.fullmatch(text) else self._packed(name)
            name = text.removeprefix("ref: ").strip()
        return ""

    def _packed(self, name: str) -> str:
        packed = self._common / "packed-refs"
        lines = _text(packed).splitlines() if packed.is_file() else []
        found = next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")
        return found if _HASH.fullmatch(found) else ""


def decoded_path(name: bytes) -> str:
    """A path as git writes it, if a tree of ours may hold it; else ''."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        return ""
    return path if inner_path(path) == path else ""


def _folders(path: Path) -> tuple[Path, Path]:
    """Where the references of this working copy are, and where its objects."""
    folder = path / ".git"
    if folder.is_file():
        # A linked working copy, or a submodule.
        folder = (path / _text(folder).removeprefix("gitdir:").strip()).resolve()
    if not folder.is_dir():
        folder = path
    common = folder
    if (folder / "commondir").is_file():
        common = (folder / _text(folder / "commondir").strip()).resolve()
    if not (folder / "HEAD").is_file() or not (common / "objects").is_dir():
        raise SourceError(f"{path} is no git repository; name a clone, bare or with its files")
    if (common / "reftable").is_dir():
        raise SourceError(
            f"{path} keeps its references as reftable; clone it with --ref-format=files"
        )
    return folder, common


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MAX_REF_BYTES).decode(errors="replace")


def _output(process: "subprocess.Popen[bytes]", timeout_s: float) -> tuple[bytes, str]:
    """What it wrote, and what went wrong; it has ended then."""
    assert process.stdout is not None
    problems: list[str] = []

    def stop(problem: str) -> None:
        problems.append(problem)
        process.kill()

    timer = Timer(timeout_s, stop, [f"did not end within {timeout_s:g} s"])
    timer.start()
    try:
        output = process.stdout.read(MAX_OUTPUT_BYTES + 1)
        if len(output) > MAX_OUTPUT_BYTES:
            stop(f"wrote more than {MAX_OUTPUT_BYTES >> 20} MiB")
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
        process.wait()
    return output, problems[0] if problems else ""


def _batch(output: bytes, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The answers of `cat-file --batch`: a line of hash, type and size, the content, a newline."""
    place = 0
    for name in wanted:
        end = output.index(b"\n", place)
        fields = output[place:end].split()
        if len(fields) != 3 or fields[1] != b"blob":
            raise _missing(name)
        size = int(fields[2])
        yield name, output[end + 1 : end + 1 + size]
        place = end + 2 + size


def _missing(name: str) -> SourceError:
    return SourceError(
        f"the object {name[:12]} is missing, or is no file; make a clone that is neither partial nor"
        " damaged"
    )
