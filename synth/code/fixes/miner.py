"""Extends the catalogue: pairs of releases and patch series are mined, verified and written down.

Whatever was tried is noted in a journal, so that a killed run goes on where it was. The catalogue
changes by one rename; of the journal a kill can tear the last line, which is then dropped.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from data.errors import SourceError
from data.record import Record
from data.sdists import Index, Release
from envs.code.cache import archives
from envs.code.dependencies import PYTHON
from envs.code.junit import Result
from envs.code.runs import RunRequest, run_many
from envs.code.spec import CodeLimits, Toolchain
from envs.code.tree import Tree
from synth.code import chosen, debian, fixes, releases
from synth.code.debian import PatchFix
from synth.code.draft import Rejected
from synth.code.fixes import Entry
from synth.code.labels import label
from synth.code.minimal import OutOfProbes
from synth.code.pairs import Report

OLDEST = datetime(2018, 7, 1, tzinfo=UTC)
"""Few releases before it run on our Python."""
OLD = datetime(2021, 1, 1, tzinfo=UTC)
"""Fewer of those before it than of the later ones do."""
RUN_S = 40.0
"""For one run of the tests that changed."""
BUDGET_S = 100.0
"""For all runs of one pair of releases, those that verify its bugs left out."""
HOPELESS = frozenset({"compiled", "licence", "no_metadata", "no_sources", "framework"})
"""Reasons that hold for all releases of a project."""
UNTOUCHED = frozenset({"no_test_change", "no_source_change", "large"})
"""Reasons that the texts alone show; they cost nothing and say nothing of the project."""
MAX_FRUITLESS = 4
"""Pairs of a project in a row whose runs give nothing, before it is given up."""
SERIES = "debian"
_REASON = re.compile(r"([a-z_]+):")


class Tried(Record):
    """A line of the journal: one pair of releases, or one patch series."""

    project: str
    what: str
    """`OLD..NEW` of a pair of releases, `SERIES` of a package; '' where the index has nothing."""
    found: int
    verified: int
    refusal: str
    """Why it gives nothing; a word, a colon and the rest."""
    reports: Mapping[str, int]
    """Why tests and bugs in it were refused, by the first word."""

    @property
    def word(self) -> str:
        """The reason in one word; `other` for what a resolver or an index says."""
        found = _REASON.match(self.refusal)
        return found[1] if found else "other" if self.refusal else ""


class Mined(NamedTuple):
    tried: Tried
    entries: tuple[Entry, ...]


class Runner:
    """Runs tests in fresh sandboxes, as `synth.code.pairs.Run` has it, until its time is spent."""

    def __init__(self, budget_s: float = BUDGET_S) -> None:
        self._left_s = budget_s

    def __call__(
        self, tree: Tree, toolchain: Toolchain, modules: tuple[str, ...], tests: tuple[str, ...]
    ) -> Mapping[str, Result]:
        """Raises `OutOfProbes` when the time is spent."""
        if self._left_s <= 0:
            raise OutOfProbes("slow: its tests take longer than a pair of releases is worth")
        limits = CodeLimits(tests_s=RUN_S)
        request = RunRequest(tree, toolchain, modules, limits=limits, plugin=chosen.plugin(tests))
        done = run_many([request])[0]
        self._left_s -= done.seconds
        return done.results


def pairs(project: str) -> list[tuple[Release, Release]]:
    """Neighbouring releases for our Python: before those that are `OLD` the others, of these
    bugfix releases first, then the newest first."""
    with Index(archives()) as index:
        found = [release for release in index.releases(project) if _fits(release)]
    neighbours = list(zip(found, found[1:], strict=False))

    def order(pair: tuple[Release, Release]) -> tuple[bool, int, float]:
        old, new = pair
        return old.uploaded < OLD, _step(old, new), -new.uploaded.timestamp()

    return sorted(neighbours, key=order)


def _fits(release: Release) -> bool:
    if release.uploaded < OLDEST:
        return False
    try:
        return SpecifierSet(release.requires_python).contains(f"{PYTHON}.0")
    except InvalidSpecifier:
        return False


def _step(old: Release, new: Release) -> int:
    """0 for a bugfix release, 1 for a minor one, 2 for a major one."""
    before, after = Version(old.version).release, Version(new.version).release
    return 0 if before[:2] == after[:2] else 1 if before[:1] == after[:1] else 2


def mine_pair(old: Release, new: Release) -> Mined:
    def bugs(report: Report) -> Iterator[Entry]:
        return releases.pair_bugs(old, new, Runner(), report)

    return _mined(old.project, f"{old.version}..{new.version}", bugs)


def mine_series(package: str) -> Mined:
    def bugs(report: Report) -> Iterator[Entry]:
        return debian.debian_bugs(package, Runner(), report)

    return _mined(package, SERIES, bugs)


def _mined(project: str, what: str, bugs: Callable[[Report], Iterator[Entry]]) -> Mined:
    reports: Counter[str] = Counter()

    def report(reason: str) -> None:
        reports[reason.partition(":")[0]] += 1

    found: list[Entry] = []
    verified: list[Entry] = []
    refusal = ""
    try:
        found.extend(bugs(report))
    except SourceError as error:
        refusal = str(error)
    for entry in found:
        try:
            verified.append(verify(entry))
        except (Rejected, SourceError) as error:
            report(str(error))
    tried = Tried(
        project=project,
        what=what,
        found=len(found),
        verified=len(verified),
        refusal=refusal,
        reports=dict(sorted(reports.items())),
    )
    return Mined(tried, tuple(verified))


def verify(entry: Entry) -> Entry:
    """The entry with the tests that turn in three runs a side.

    Raises `Rejected` where the fix breaks a test, or another one turns than when it was mined.
    """
    turned = label(fixes.rebuilt(entry)).fail_to_pass
    if isinstance(entry, PatchFix):
        known = entry.fail_to_pass
        checked: Entry = entry.model_copy(update={"fail_to_pass": turned})
    else:
        known = entry.fix.fail_to_pass
        fix = entry.fix.model_copy(update={"fail_to_pass": turned})
        checked = entry.model_copy(update={"fix": fix})
    if set(turned) - set(known):
        raise Rejected("mixed")
    return checked


class Journal:
    """What was tried, in a file of lines; the last line may be torn, and is then dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        whole, _, torn = (path.read_text() if path.is_file() else "").rpartition("\n")
        if torn:
            os.truncate(path, len(whole.encode()) + bool(whole))
        self.tried = [Tried.model_validate_json(line) for line in whole.splitlines()]

    def add(self, tried: Tried) -> None:
        self.tried.append(tried)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(tried.model_dump(mode="json"), sort_keys=True) + "\n")

    def has(self, project: str, what: str) -> bool:
        return any(t.what == what for t in self.of(project))

    def of(self, project: str) -> list[Tried]:
        """By any spelling of its name: an archive's is not always the index's."""
        wanted = canonicalize_name(project)
        return [t for t in self.tried if canonicalize_name(t.project) == wanted]
