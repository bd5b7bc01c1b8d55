"""Real bugs from the patch series of Debian source packages: one patch is one bug.

A patch that changes sources and tests is a bug with its hidden tests; the patches before it in the
series are the state in which it stands. Where the upstream archive is gone, the release of the same
version in the package index takes its place.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from data.errors import SourceError
from data.hashing import content_hash, file_hash
from data.record import Record
from data.task import Source
from envs.code import origins
from envs.code.junit import Status
from envs.code.origins.debian import archive
from envs.code.project import Project, describe, is_test
from envs.code.spec import Origin
from envs.code.tree import Tree
from envs.code.trees import keep_tree, laid_over
from synth.code import chosen, novelty
from synth.code.bug import Bug, Story
from synth.code.inject import may_change
from synth.code.licence import licence
from synth.code.locks import locked
from synth.code.pairs import MAX_TURNED, Report, Run
from synth.code.patches import Patch, fields, references
from synth.code.series import Package, Step, package_of, patches_of, series

_BUGS = ("bug", "bug-debian", "bug-ubuntu")
_SAYS_NOTHING = re.compile(
    r"merge (commit|branch|pull)|(backport |security )?(fix(es|ed)?:? )?(for )?CVE-[\d-]+\W*$", re.I
)
"""Titles of commits whose bug is told below them, or nowhere."""


class PatchFix(Record):
    """One bug of a patch series, as a line of the catalogue."""

    sort: Literal["patch"] = "patch"
    package: str
    """The source package."""
    version: str
    """Of the package, with its Debian revision."""
    changes: str
    """File name of the archive that has the patches."""
    changes_sha256: str
    origin: Origin
    """What the series is applied to."""
    patch: str
    """Name in the series."""
    before: datetime
    """Date as of which requirements are resolved: that of the package's version."""
    fail_to_pass: tuple[str, ...]
    modules: tuple[str, ...]
    licence: str
    licence_file: str
    digest: str
    """`content_hash` of the bug that was verified."""

    @property
    def project(self) -> str:
        return self.package

    @property
    def key(self) -> tuple[str, ...]:
        return (self.package, self.version, self.patch)


def debian_bugs(package: str, run: Run, report: Report) -> Iterator[PatchFix]:
    """Fixes of a package's patch series, not yet verified.

    Raises `SourceError` whose first word says why there are none.
    """
    found = package_of(package)
    steps = [s for s in series(found) if any(s.gold.values()) and any(s.tests.values())]
    if not steps:
        raise SourceError("no_patch: no patch of the series changes both sources and tests")
    tree = origins.fetch(found.origin)
    for step in steps:
        after = laid_over(tree, {**step.earlier, **step.gold, **step.tests})
        try:
            yield _fix(found, step, tree, after, run)
        except SourceError as error:
            report(str(error))


def _fix(found: Package, step: Step, tree: Tree, after: Tree, run: Run) -> PatchFix:
    project = describe(after)
    step = _within(step, project)
    stated, file = licence(after)
    toolchain = locked(project, found.before)
    modules = tuple(m for m in project.tests if step.tests.get(m))
    if not modules:
        raise SourceError("no_patch: its patch changes no test module")
    before = run(
        laid_over(tree, {**step.earlier, **step.tests}), toolchain, modules, chosen.whole(modules)
    )
    fixed = run(after, toolchain, modules, chosen.whole(modules))
    good = {name for name, result in fixed.items() if result.status is Status.PASSED}
    if not good:
        raise SourceError("no_run: the patched tests do not run")
    bad = (Status.FAILED, Status.ERROR)
    turned = {n: r for n, r in before.items() if n in good and r.status in bad}
    if not turned:
        raise SourceError("no_turn: no test fails without the patch and passes with it")
    if len(turned) > MAX_TURNED:
        raise SourceError(f"broad: {len(turned)} tests turn, more than {MAX_TURNED}")
    if broken := [n for n, r in before.items() if r.status is Status.PASSED and n not in good]:
        raise SourceError(f"breaks: {len(broken)} tests that passed fail with the patch")
    _check_fair(step, tree, project, {name: r.message for name, r in turned.items()})
    shown = tuple(sorted({chosen.module_of(t, modules) for t in turned} - {""})) or modules
    entry = PatchFix(
        package=found.name,
        version=found.version,
        changes=found.changes.name,
        changes_sha256=file_hash(found.changes),
        origin=found.origin,
        patch=step.patch.name,
        before=found.before,
        fail_to_pass=tuple(sorted(turned)),
        modules=shown,
        licence=stated,
        licence_file=file,
        digest="",
    )
    bug = _bug(entry, step, tree, project)
    return entry.model_copy(update={"digest": content_hash(bug.model_dump(mode="json"))})


def _check_fair(step: Step, tree: Tree, project: Project, turned: dict[str, str]) -> None:
    """Raises `SourceError` where a test asks for what only the patch names."""
    before = laid_over(tree, step.earlier)
    old = [
        file.content.decode(errors="replace")
        for path, file in before.items()
        if path.endswith(".py") and not is_test(path)
    ]
    defined, texts = novelty.brought(old, [text for text in step.gold.values() if text])
    tests = {path: text or "" for path, text in step.tests.items()}
    known = set[str]().union(*(novelty.names(text) for text in [*old, *tests.values()]))
    for name, failure in turned.items():
        source = novelty.source_of(name, tests.get(chosen.module_of(name, project.tests), ""))
        reason = novelty.asked(source, failure, defined, texts, known - defined)
        if reason:
            raise SourceError(reason)


def rebuilt(entry: PatchFix) -> Bug:
    """The bug from its archives; raises `SourceError` if they, or what it needs, have changed."""
    path = archive(entry.package, entry.version, entry.changes, entry.changes_sha256)
    found = Package(
        entry.package, entry.version, path, entry.before, patches_of(path), entry.origin
    )
    step = next((s for s in series(found) if s.patch.name == entry.patch), None)
    if step is None:
        raise SourceError(f"the series of {entry.package} has no patch {entry.patch} that applies")
    tree = origins.fetch(entry.origin)
    project = describe(laid_over(tree, {**step.earlier, **step.gold, **step.tests}))
    bug = _bug(entry, _within(step, project), tree, project)
    if content_hash(bug.model_dump(mode="json")) != entry.digest:
        raise SourceError(
            f"the bug of {entry.package} {entry.patch} is not what was verified: its archives are "
            "the same, so the rules have changed; mine the package again"
        )
    return bug


def _bug(entry: PatchFix, step: Step, tree: Tree, project: Project) -> Bug:
    return Bug(
        origin=entry.origin,
        tree_sha256=keep_tree(tree),
        toolchain=locked(project, entry.before),
        sources=may_change(project.sources),
        removed=(),
        buggy=step.earlier,
        gold=step.gold,
        tests=step.tests,
        modules=entry.modules,
        story=story(step.patch),
        licence=Source(
            name=entry.origin.project,
            version=entry.origin.version,
            licence=entry.licence,
            sha256=entry.origin.sha256,
        ),
    )


def story(patch: Patch) -> Story:
    """What the patch's header says of the bug."""
    told = fields(patch.header)
    title, _, rest = told.get("description", "").partition("\n")
    title = " ".join(title.split())
    if _SAYS_NOTHING.match(title):
        title = ""
    named = [line for key in _BUGS for line in told.get(key, "").split()]
    named += references(f"{patch.name} {patch.header}")
    return Story(
        sort="patch",
        title=title,
        text="\n\n".join(part.strip() for part in (title, rest) if part.strip()),
        links=tuple(dict.fromkeys(named)),
    )


def _within(step: Step, project: Project) -> Step:
    """The fix without what it changes outside the packages; raises `SourceError` if that is all."""
    gold = {path: text for path, text in step.gold.items() if path in project.sources}
    if not gold:
        raise SourceError("no_patch: its patch changes no module of the packages")
    return step._replace(gold=gold)
