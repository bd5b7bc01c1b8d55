"""Real bugs that were mined and verified: facts in a file, made into bugs from archives.

Mining takes minutes a bug, so it is done once (`python -m synth.code.fixes`); making a bug from
its entry takes a fraction of a second where the archives are kept.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from data.errors import SourceError
from data.hashing import canonical_json
from synth.code import debian, releases
from synth.code.bug import Bug
from synth.code.debian import PatchFix
from synth.code.releases import ReleaseFix

VERSION = 1
"""Of the entries' form; the first line of the file."""
FILE = "catalogue.jsonl"

Entry = Annotated[ReleaseFix | PatchFix, Field(discriminator="sort")]
_ENTRY: TypeAdapter[ReleaseFix | PatchFix] = TypeAdapter(Entry)


@cache
def catalogue() -> tuple[ReleaseFix | PatchFix, ...]:
    """All verified entries, in the order of their keys."""
    return read(files("synth.code.fixes").joinpath(FILE).read_text())


def rebuilt(entry: ReleaseFix | PatchFix) -> Bug:
    """Raises `SourceError` if the archives cannot be had, or give another bug."""
    return releases.rebuilt(entry) if isinstance(entry, ReleaseFix) else debian.rebuilt(entry)


def draw(rng: Random, projects: Sequence[str] = (), sort: str = "") -> Bug:
    """One bug of the catalogue, as `pick` has it; raises as `rebuilt` does."""
    return rebuilt(pick(rng, projects, sort))


def pick(rng: Random, projects: Sequence[str] = (), sort: str = "") -> ReleaseFix | PatchFix:
    """One entry; projects have equal chances, however many bugs they have.

    Of `projects` only, all if none are named; `sort` is `release`, `patch`, or '' for both.
    """
    found: dict[str, list[ReleaseFix | PatchFix]] = {}
    for entry in catalogue():
        if (not projects or entry.project in projects) and sort in ("", entry.sort):
            found.setdefault(entry.project, []).append(entry)
    if not found:
        raise SourceError(f"the catalogue has no {sort or 'real'} fix of {', '.join(projects)}")
    return rng.choice(found[rng.choice(sorted(found))])


def read(text: str) -> tuple[ReleaseFix | PatchFix, ...]:
    """Raises `SourceError` for what is no catalogue of this version."""
    lines = text.splitlines()
    try:
        version = json.loads(lines[0])["catalogue"] if lines else None
        if version != VERSION:
            raise SourceError(f"the catalogue has version {version}, this program reads {VERSION}")
        return tuple(_ENTRY.validate_json(line) for line in lines[1:])
    except (ValidationError, ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SourceError(f"the catalogue cannot be read: {reason}") from error


def write(entries: Iterable[ReleaseFix | PatchFix], path: Path) -> None:
    """One line an entry, each bug once, in the order of their keys; all or nothing."""
    found = {entry.key: entry for entry in entries}
    lines = [canonical_json({"catalogue": VERSION})]
    lines += [canonical_json(found[key].model_dump(mode="json")) for key in sorted(found)]
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".fixes-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    Path(name).chmod(0o644)
    Path(name).replace(path)
