"""Bugs of release pairs as facts: which lines of which archives, and what they make pass.

Nothing of a source is copied. A `ReleaseFix` names two archives by their hashes and lines in them;
the bug is made from the archives again, and is the same to the byte or refused.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from data.errors import SourceError
from data.hashing import content_hash
from data.record import Record
from data.sdists import Release
from data.task import Source
from envs.code import origins
from envs.code.project import Project, describe
from envs.code.spec import Files, Origin, Toolchain
from envs.code.tree import Tree
from envs.code.trees import keep_tree
from synth.code import changelog
from synth.code.bug import Bug, Story
from synth.code.difference import changed_tests, difference, text_at
from synth.code.inject import may_change
from synth.code.licence import licence
from synth.code.locks import locked
from synth.code.pairs import Fix, Report, Run, fixes
from synth.code.split import Piece, applied
from synth.code.undeclared import undeclared

MAX_TITLE_CHARS = 120
WHEELS = datetime(2023, 2, 1, tzinfo=UTC)
"""Compiled libraries have wheels for our Python since then; what needs one was released earlier at
times."""


class ReleaseFix(Record):
    """One bug that `new` fixes in `old`, as a line of the catalogue."""

    sort: Literal["release"] = "release"
    old: Release
    new: Release
    fix: Fix
    licence: str
    """SPDX expression."""
    licence_file: str
    """Of the new release; '' if the licence is only in the metadata."""
    digest: str
    """`content_hash` of the bug that was verified."""
    added: tuple[str, ...] = ()
    """Distributions that its tests need and its metadata do not name."""
    resolved: datetime | None = None
    """As of when requirements are resolved, where it is not the new release's date."""

    @property
    def project(self) -> str:
        return self.old.project

    @property
    def key(self) -> tuple[str, ...]:
        """What two entries of the same bug share; entries stand in this order."""
        places = [f"{p.path}:{p.old[0]:06}:{p.new[0]:06}" for p in self.fix.pieces]
        return (self.project, self.new.uploaded.isoformat(), *places)


def pair_bugs(old: Release, new: Release, run: Run, report: Report) -> Iterator[ReleaseFix]:
    """Fixes of two neighbouring releases, not yet verified.

    Raises `SourceError` whose first word says why there are none.
    """
    before, after = tree_of(old), tree_of(new)
    stated, file = licence(after)
    change = difference(before, after)
    added, date, toolchain = _equipped(change.project, after, new)
    for fix in fixes(change, after, toolchain, run, report):
        bug = _bug(old, new, fix, stated, before, after, change.project, toolchain)
        yield ReleaseFix(
            old=old,
            new=new,
            fix=fix,
            licence=stated,
            licence_file=file,
            digest=content_hash(bug.model_dump(mode="json")),
            added=added,
            resolved=None if date == new.uploaded else date,
        )


def _equipped(
    project: Project, after: Tree, new: Release
) -> tuple[tuple[str, ...], datetime, Toolchain]:
    """What is added to the declared requirements, as of when all are resolved, and what that gives.

    Additions that cannot be had are left out. Raises `SourceError` where the rest cannot either.
    """
    added = undeclared(project, after)
    dates = [new.uploaded, *([WHEELS] if new.uploaded < WHEELS else [])]
    *tries, last = [(more, date) for more in dict.fromkeys((added, ())) for date in dates]
    for more, date in tries:
        try:
            return more, date, locked(_with(project, more), date)
        except SourceError:
            continue
    more, date = last
    return more, date, locked(_with(project, more), date)


def _with(project: Project, added: tuple[str, ...]) -> Project:
    tests = (*project.test_requirements, *added)
    return project.model_copy(update={"test_requirements": tests})


def rebuilt(entry: ReleaseFix) -> Bug:
    """The bug from its archives; raises `SourceError` if they, or what it needs, have changed."""
    before, after = tree_of(entry.old), tree_of(entry.new)
    project = describe(after)
    toolchain = locked(_with(project, entry.added), entry.resolved or entry.new.uploaded)
    bug = _bug(entry.old, entry.new, entry.fix, entry.licence, before, after, project, toolchain)
    if content_hash(bug.model_dump(mode="json")) != entry.digest:
        raise SourceError(
            f"the bug of {entry.project} {entry.old.version} is not what was verified: its archives "
            "are the same, so the rules have changed; mine the project again"
        )
    return bug


@lru_cache(maxsize=8)
def tree_of(release: Release) -> Tree:
    """Raises `SourceError` if the archive cannot be had."""
    return origins.fetch(origin_of(release))


def origin_of(release: Release) -> Origin:
    return Origin(
        source="sdist",
        project=release.project,
        version=release.version,
        archive=release.filename,
        sha256=release.sha256,
    )


def _bug(
    old: Release,
    new: Release,
    fix: Fix,
    stated: str,
    before: Tree,
    after: Tree,
    project: Project,
    toolchain: Toolchain,
) -> Bug:
    tests = changed_tests(before, after)
    return Bug(
        origin=origin_of(old),
        tree_sha256=keep_tree(before),
        toolchain=toolchain,
        sources=may_change(describe(before).sources),
        removed=(),
        buggy={},
        gold=gold(fix.pieces, before, after),
        tests=tests,
        modules=fix.modules,
        story=story(fix, after),
        licence=Source(name=old.project, version=old.version, licence=stated, sha256=old.sha256),
    )


def gold(pieces: tuple[Piece, ...], before: Tree, after: Tree) -> Files:
    """Old modules with the pieces of the fix."""
    found: Files = {}
    for path in dict.fromkeys(piece.path for piece in pieces):
        here = [piece for piece in pieces if piece.path == path]
        found[path] = applied(text_at(before, path), text_at(after, path), here)
    return found


def story(fix: Fix, after: Tree) -> Story:
    """What the changelog says, if it says anything."""
    if fix.entry is None:
        return Story(sort="release")
    text = changelog.text_of(fix.entry, after)
    title = " ".join(text.split("\n\n")[0].split())
    return Story(
        sort="release",
        title=title if len(title) <= MAX_TITLE_CHARS else "",
        text=text,
        links=changelog.links(text),
    )
