"""Tasks in, a training set on disk out. A target is one module of this package, found by its name.

A target module has `FORMAT_VERSION: str` and `write(tasks, out) -> rows per file`; everything else
(which tasks are admitted, the manifest, replacing an older export) happens here, once.
"""

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from data.errors import UserError
from data.exporters.base import (
    MANIFEST,
    ExportedFile,
    Manifest,
    Tally,
    admitted,
    pretty_json,
    read_manifest,
)
from data.hashing import file_hash
from data.staging import staged
from data.task import Task

SFT = "sft"
RL_OFFLINE = "rl_offline"
OF_ATTEMPTS = (RL_OFFLINE, SFT)
"""The formats that are made of scored attempts and not of tasks; each has its own module."""


class Target(Protocol):
    """What `data.exporters.<target>` exports."""

    FORMAT_VERSION: str
    """Raised whenever the layout of a file or a column changes."""

    def write(self, tasks: Iterator[Task], out: Path) -> Mapping[str, int]:
        """Writes checked tasks, in id order, into the empty `out`; gives rows by relative path."""


def targets() -> tuple[str, ...]:
    """The names that `export` knows, sorted."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return tuple(sorted(set(names) - {"base", *OF_ATTEMPTS}))


def export(tasks: Iterable[Task], target: str, out: Path) -> Manifest:
    """Writes `tasks`, which must come in id order, to the directory `out` for `target`.

    An earlier export of ours at `out` is replaced as a whole; anything else there is refused. The
    first unfit task raises `UserError` and leaves what was there. Memory does not grow with tasks.
    """
    writer = _target(target)

    def fill(directory: Path, tally: Tally) -> Mapping[str, int]:
        return writer.write(admitted(tasks, tally), directory)

    return written(target, writer.FORMAT_VERSION, out, fill)


def written(
    target: str, version: str, out: Path, fill: Callable[[Path, Tally], Mapping[str, int]]
) -> Manifest:
    """Puts what `fill` writes into a directory at `out`, with its manifest; see `export`.

    `fill` counts the tasks it is made of, and gives rows by relative path.
    """
    out = out.resolve()
    _replaceable(out)
    tally = Tally()
    try:
        with staged(out) as directory:
            rows = fill(directory, tally)
            if not tally.kinds:
                raise UserError("no task to export; make some with synth, or ask for less")
            manifest = tally.manifest(target, version, _files(directory, rows))
            text = pretty_json(manifest.model_dump(mode="json"))
            (directory / MANIFEST).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}") from error
    return manifest


def _target(name: str) -> Target:
    known = targets()
    if name in OF_ATTEMPTS:
        raise UserError(f"format {name} is made of scored attempts, not of tasks alone")
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UserError(
            f"no export format {name!r}; formats are {', '.join((*known, *OF_ATTEMPTS))}{hint}"
        )
    return cast(Target, import_module(f"data.exporters.{name}"))


def _replaceable(out: Path) -> None:
    if not out.exists() and not out.is_symlink():
        return
    manifest = read_manifest(out)
    if manifest is None:
        raise UserError(f"{out} exists and is not an export of ours; choose another directory")
    ours = {MANIFEST, *(file.path for file in manifest.files)}
    present = (path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_file())
    strange = [p for p in present if p.as_posix() not in ours and "__pycache__" not in p.parts]
    if strange:
        raise UserError(f"{out} holds {strange[0]}, which no export wrote; move it away first")


def _files(directory: Path, rows: Mapping[str, int]) -> list[ExportedFile]:
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    names = [path.relative_to(directory).as_posix() for path in paths]
    return [
        ExportedFile(path=name, sha256=file_hash(path), rows=rows.get(name))
        for name, path in zip(names, paths, strict=True)
    ]
