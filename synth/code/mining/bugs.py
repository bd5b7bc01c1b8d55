"""One change of the main line as a bug: the tree before it, its source as the fix, its tests hidden.

What a change is refused for is found in the order of cost: its data first, then its texts, then the
issue, then the whole tree. Nothing is run here.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from data.errors import SourceError
from data.task import Source
from envs.code.clone import Clone
from envs.code.metadata import as_released
from envs.code.origins.git import commit_tree
from envs.code.project import Project, describe, is_configuration
from envs.code.spec import Files, Origin, Toolchain
from envs.code.tree import Tree, tree_hash
from synth.code.bug import Bug, Story
from synth.code.inject import may_change
from synth.code.mining import edits, issues
from synth.code.mining.history import Change
from synth.code.mining.licences import licence
from synth.code.mining.parts import Parts, parted
from synth.code.mining.pulls import Link
from synth.code.mining.reasons import Reason, Refusal
from synth.code.mining.records import Issue, Pull, Records
from synth.code.mining.rules import is_other_sort, says_fix
from synth.code.mining.wording import cleaned, cleaned_title

MAX_ISSUES = 2
"""Closed by one change."""
OWN_LICENCE = "LicenseRef-own"
"""For a repository of the user's that tells none."""
_TRAILER = re.compile(
    r"^(?:[A-Z][\w-]+-by|Change-Id|Closes|Fixes|Resolves|Refs?|See[- ]also|Bug|Issue|Ticket|PR(?:-URL)?|Reviewed-on"
    r"|git-svn-id|Source-.*|\(cherry.picked.*)\s*:?\s.*$|^-{3,}$|^Merge (?:pull request|branch|remote).*$",
    re.IGNORECASE | re.MULTILINE,
)

ToolchainOf = Callable[[Project, datetime], Toolchain]
"""Locks what a project requires, as of a date; raises `SourceError`."""


class Known(NamedTuple):
    """What is known of the repository as a whole."""

    records: Records
    repository: str
    """`owner/name`, or ''."""
    shared: frozenset[int]
    """Issues that several changes say they close."""
    own: bool
    """The user's own: it needs no licence."""
    toolchain_of: ToolchainOf


class _Refused(Exception):
    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason)


class _Sources(NamedTuple):
    before: Files
    after: Files
    tests_before: Files
    tests_after: Files


def bug_of(clone: Clone, change: Change, link: Link, known: Known) -> Bug | Refusal:
    """What has passed `rules.against`, as a bug; or why it is none."""
    try:
        parts = parted(change.files)
        _check_links(change, link, known)
        sources = _sources(clone, change, parts)
        story = _story(change, link, known, sources)
        return _assembled(clone, change, sources, story, known)
    except _Refused as refused:
        return Refusal(refused.reason, change.commit, refused.detail)
    except SourceError as error:
        word, colon, rest = str(error).partition(":")
        plain = colon and re.fullmatch(r"[a-z_]+", word)
        return Refusal(
            word if plain else Reason.UNREADABLE, change.commit, rest if plain else str(error)
        )


def _check_links(change: Change, link: Link, known: Known) -> None:
    issues_known = bool(known.records.issues)
    if is_other_sort([link.title or change.subject]) and not (issues_known and link.issues):
        raise _Refused(Reason.NOT_A_FIX)
    if not issues_known and not link.issues and not says_fix(change.message):
        raise _Refused(Reason.NOT_A_FIX)
    if issues_known and not link.issues:
        raise _Refused(Reason.NO_ISSUE)
    if len(link.issues) > MAX_ISSUES:
        raise _Refused(Reason.SEVERAL_ISSUES, f"{len(link.issues)} issues")
    if known.shared & set(link.issues):
        raise _Refused(Reason.SHARED_ISSUE)
    told = known.records.files.get(link.pull, ())
    touched = {file.path for file in change.files} | {f.renamed_from for f in change.files} - {""}
    if told and len(told) < 300 and not set(told) <= touched:
        raise _Refused(Reason.PULL_MISMATCH, min(set(told) - touched))


def _sources(clone: Clone, change: Change, parts: Parts) -> _Sources:
    source, tests = edits.texts(clone, parts.source), edits.texts(clone, parts.tests)
    if isinstance(source, Reason) or isinstance(tests, Reason):
        raise _Refused(Reason.BINARY)
    num_lines = edits.num_lines(clone, change, [file.path for file in parts.source])
    if num_lines > edits.MAX_LINES:
        raise _Refused(Reason.TOO_MANY_LINES, f"{num_lines} lines")
    reason = edits.against(*source)
    if reason:
        raise _Refused(reason)
    return _Sources(*source, *tests)


def _story(change: Change, link: Link, known: Known, sources: _Sources) -> Story:
    found = [(number, known.records.issues.get(number)) for number in link.issues]
    links = tuple(f"{known.repository}#{number}" for number, _ in found)
    links += (f"{known.repository}#{link.pull}",) if link.pull else ()
    if not known.records.issues:
        title, text = _told(change.message)
        title = cleaned_title(link.title or title)
        return Story(sort="patch", title=title, text=cleaned(text), links=links)
    pull = known.records.pulls.get(link.pull)
    added = edits.added_lines(sources.before, sources.after)
    reports = [_report(number, issue, pull, change, known, added) for number, issue in found]
    texts = [reports[0].text, *(f"## {more.title}\n\n{more.text}" for more in reports[1:])]
    return Story(sort="issue", title=reports[0].title, text="\n\n".join(texts), links=links)


def _report(
    number: int,
    issue: Issue | None,
    pull: Pull | None,
    change: Change,
    known: Known,
    added: list[str],
) -> issues.Report:
    if issue is None:
        raise _Refused(Reason.ISSUE_GONE, f"#{number}")
    shown = issues.moment(pull.created_at) if pull else None
    fixed = min(shown, change.authored) if shown else change.authored
    reason = issues.against(issue, fixed, change.committed)
    if reason:
        raise _Refused(reason, f"#{number}")
    report = issues.report(issue, known.records.comments.get(number, ()), fixed, added)
    if isinstance(report, Reason):
        raise _Refused(report, f"#{number}")
    return report


def _told(message: str) -> tuple[str, str]:
    """Title and text of a message, without the line that git writes for a merge, and without trailers."""
    subject, _, rest = message.partition("\n")
    if subject.startswith("Merge "):
        subject, _, rest = rest.strip().partition("\n")
    return subject.strip() or message.partition("\n")[0], _TRAILER.sub("", rest)


def _assembled(clone: Clone, change: Change, sources: _Sources, story: Story, known: Known) -> Bug:
    tree = commit_tree(clone, change.base)
    project = _project(clone, change, tree)
    inside = may_change(project.sources)
    outside = sorted(path for path in sources.after if not _may_change(path, tree, inside))
    if outside:
        raise _Refused(Reason.OUTSIDE_SOURCES, outside[0])
    _check_names(tree, project, sources, story)
    stated = known.records.repository.license if known.records.repository else None
    terms = licence(tree, (stated.spdx_id or "") if stated else "") or (
        OWN_LICENCE if known.own else ""
    )
    if not terms:
        raise _Refused(Reason.NO_LICENCE)
    sha256 = tree_hash(tree)
    return Bug(
        origin=git_origin(clone, project.name, change.base, sha256),
        tree_sha256=sha256,
        toolchain=known.toolchain_of(project, change.committed),
        sources=inside,
        removed=(),
        buggy={},
        gold=sources.after,
        tests=sources.tests_after,
        modules=_modules(project, sources.tests_after),
        story=story,
        licence=Source(
            name=known.repository or project.name, version=change.base, licence=terms, sha256=sha256
        ),
    )


def git_origin(clone: Clone, project: str, commit: str, sha256: str) -> Origin:
    return Origin(
        source="git", project=project, version=commit, archive=str(clone.path), sha256=sha256
    )


def _project(clone: Clone, change: Change, tree: Tree) -> Project:
    """The project before the fix, with the test requirements of after it."""
    before = describe(tree)
    if not any(is_configuration(f.path) or "requirements" in f.path for f in change.files):
        return before
    if not any(f.path.endswith((".toml", ".cfg", ".txt", ".in", "setup.py")) for f in change.files):
        return before
    after = describe(as_released(clone.tree(change.commit)))
    if after.requirements != before.requirements or after.root != before.root:
        raise _Refused(Reason.BUILD_CHANGED)
    return before.model_copy(update={"test_requirements": after.test_requirements})


def _may_change(path: str, tree: Tree, inside: tuple[str, ...]) -> bool:
    """As the verdict on an agent's work sees it: sources, and new modules in the packages."""
    if path in tree or not path.endswith(".py"):
        return path in inside
    return any(path.startswith(folder) for folder in inside if folder.endswith("/"))


def _check_names(tree: Tree, project: Project, sources: _Sources, story: Story) -> None:
    lines = edits.added_lines(sources.tests_before, sources.tests_after)
    texts = (tree[path].content.decode(errors="replace") for path in project.sources)
    told = f"{story.title}\n{story.text}" if story.sort == "issue" else ""
    untold = edits.untold_modules(sources.before, sources.after, sources.tests_after, told)
    untold += edits.untold_names(sources.before, sources.after, lines, texts, told)
    if untold:
        raise _Refused(Reason.UNTOLD_NAMES, ", ".join(untold[:5]))


def _modules(project: Project, tests: Mapping[str, str | None]) -> tuple[str, ...]:
    """All test modules as they are after the fix."""
    after = {*project.tests, *filter(_is_module, tests)}
    return tuple(sorted(path for path in after if tests.get(path, "") is not None))


def _is_module(path: str) -> bool:
    """Whether the framework takes the file for a test module."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py"))
