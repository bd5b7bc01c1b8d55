"""Projects that bugs are put into: fetched, described, locked as of their date, run and measured.

What this finds out of a tree takes seconds to minutes, so it is kept beside the trees, by a hash of
all that it depends on. Two processes that prepare the same tree do the work twice and keep it once.
"""

import csv
from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import JsonValue

from data.errors import SourceError
from data.record import Record
from data.task import Source
from envs.code import origins
from envs.code.dependencies import lock
from envs.code.junit import Status, in_module
from envs.code.project import Project, describe
from envs.code.runs import Ended, Run, RunRequest, run_many
from envs.code.spec import CodeLimits, Origin, Toolchain
from envs.code.tree import Tree
from envs.code.trees import keep_tree
from synth.code.conditions import CONDITIONS
from synth.code.coverage import Coverage, lines_plugin, read_lines
from synth.code.remembered import remembered

VERSION = "1"
MIN_TESTS = 20
"""Stable tests that a suite needs before we believe that it knows what the code should do."""
MAX_SUITE_S = 30.0
FOLLOWED_S = 600.0
"""For the one run that is followed line by line."""
FRAMEWORK = frozenset({"pytest", "pluggy", "iniconfig", "packaging", "pygments"})
"""Of the sandboxes, whatever a project asks for; and so no projects to put bugs into."""


class Pinned(Record):
    """A release that we know to be of use."""

    source: str
    """Of `Origin`."""
    project: str
    version: str
    licence: str
    """SPDX expression."""
    uploaded: datetime
    """What it needs is locked as of then."""
    archive: str
    sha256: str

    @property
    def origin(self) -> Origin:
        return Origin(
            source=self.source,
            project=self.project,
            version=self.version,
            archive=self.archive,
            sha256=self.sha256,
        )


def listed(table: str, source: str) -> dict[str, Pinned]:
    """The releases of a shipped table by project, in the order of their names."""
    text = files("synth.code").joinpath(table).read_text()
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    found = (Pinned.model_validate({"source": source, **row}) for row in rows)
    return {release.project: release for release in sorted(found, key=lambda r: r.project)}


@cache
def pinned() -> dict[str, Pinned]:
    return listed("projects.tsv", "sdist")


class Prepared(Record):
    """A tree and what is known of its tests."""

    origin: Origin
    tree_sha256: str
    project: Project
    toolchain: Toolchain
    licence: Source
    modules: tuple[str, ...]
    """Test modules that load."""
    passing: tuple[str, ...]
    """Tests that passed in every run."""
    flaky: tuple[str, ...]
    coverage: Coverage


def prepare_pinned(project: str) -> Prepared:
    """Raises `SourceError` for a project that is unknown, or cannot be had."""
    release = pinned().get(project)
    if release is None:
        known = ", ".join(pinned())
        raise SourceError(f"no project {project!r}; projects are {known}")
    return _prepared(release.origin, release.licence, release.uploaded)


@lru_cache(maxsize=64)
def _prepared(origin: Origin, licence: str, before: datetime) -> Prepared:
    key = _key(origin, licence, before)
    return remembered(
        Prepared, key, lambda: _measured(origins.fetch(origin), origin, licence, before)
    )


def prepare_found(tree: Tree, origin: Origin, licence: str, before: datetime) -> Prepared:
    """A tree that is at hand already, as it was at a date."""
    key = _key(origin, licence, before)
    return remembered(Prepared, key, lambda: _measured(tree, origin, licence, before))


def _key(origin: Origin, licence: str, before: datetime) -> JsonValue:
    return [VERSION, origin.model_dump(), licence, before.isoformat()]


def _measured(tree: Tree, origin: Origin, licence: str, before: datetime) -> Prepared:
    """Runs everything; raises `SourceError` whose first word says why the tree is of no use."""
    project = describe(tree)
    toolchain = toolchain_of(project, before)
    request = RunRequest(tree, toolchain, project.tests)
    modules = loading(request)
    runs = run_many([c.of(request._replace(modules=modules)) for c in CONDITIONS])
    passing, flaky = stable(runs)
    if len(passing) < MIN_TESTS:
        raise SourceError(f"few_tests: {len(passing)} of its tests pass whenever they are run")
    followed = request._replace(
        modules=modules,
        ids=passing,
        limits=CodeLimits(tests_s=FOLLOWED_S),
        plugin=lines_plugin(project.sources),
    )
    coverage = read_lines(run_many([followed])[0].notes)
    return Prepared(
        origin=origin,
        tree_sha256=keep_tree(tree),
        project=project,
        toolchain=toolchain,
        licence=Source(
            name=origin.project, version=origin.version, licence=licence, sha256=origin.sha256
        ),
        modules=modules,
        passing=passing,
        flaky=flaky,
        coverage=coverage,
    )


def toolchain_of(project: Project, before: datetime) -> Toolchain:
    """Its requirements locked as of a date; raises `SourceError` if they cannot be had."""
    own = canonicalize_name(project.name)
    if own in FRAMEWORK:
        raise SourceError("framework: the sandboxes have it installed")
    wanted = [
        requirement
        for requirement in (*project.requirements, *project.test_requirements)
        if canonicalize_name(Requirement(requirement).name) not in (own, *FRAMEWORK)
    ]
    pins = lock(wanted, before) if wanted else ""
    if any(line.partition("==")[0] == own for line in pins.splitlines()):
        raise SourceError("installed_copy: what its tests need brings another copy of it")
    folders = dict.fromkeys(PurePosixPath(test).parts[0] for test in project.tests)
    return Toolchain(lock=pins, root=project.root, command=f"python -m pytest {' '.join(folders)}")


def loading(request: RunRequest) -> tuple[str, ...]:
    """The test modules with results; the others need what is not there."""
    run = run_many([request])[0]
    if run.seconds > MAX_SUITE_S or run.ended is Ended.LATE:
        raise SourceError(f"slow: its tests take {run.seconds:.0f} s")
    found = tuple(
        module for module in request.modules if any(in_module(t, module) for t in run.results)
    )
    if not found:
        raise SourceError(f"no_results: {run.problem or 'its tests give none'}")
    return found


def stable(runs: Sequence[Run]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tests that passed in all of `runs`, and those that ended or were called differently."""
    broken = next((run.problem for run in runs if run.problem), "")
    if broken:
        raise SourceError(f"unstable: {broken}")
    seen: dict[str, list[Status | None]] = {}
    for run in runs:
        for test in run.results:
            seen.setdefault(test, [])
    for test, ends in seen.items():
        ends += [run.results[test].status if test in run.results else None for run in runs]
    passing = tuple(sorted(t for t, ends in seen.items() if set(ends) == {Status.PASSED}))
    flaky = tuple(sorted(t for t, ends in seen.items() if len(set(ends)) > 1))
    return passing, flaky
