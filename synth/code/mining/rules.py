"""What the message, the author and the files of a change say against it, before anything is read."""

import re
from collections.abc import Sequence

from envs.code.clone import Clone
from synth.code.mining.history import Change
from synth.code.mining.parts import parted
from synth.code.mining.reasons import Reason
from synth.code.mining.records import User
from synth.code.mining.references import closed_issues, is_backport, is_revert, is_sync, undone

MAX_FILES = 40
MAX_SOURCES = 8
_BOTS = re.compile(
    r"\[bot\]|^(dependabot|renovate|pre-commit-ci|pyup|greenkeeper|snyk|weblate|allcontributors|imgbot"
    r"|github-actions|codecov|transifex|mergify|bors|web-flow bot|release-please|semantic-release)\b"
    r"|-bot$|\bbot@",
    re.IGNORECASE,
)
_BUMP = re.compile(
    r"^(build|chore|fix|ci)?(\(deps(-dev)?\))?:?\s*(bump|update|upgrade|pin)\s+"
    r"([\w./@-]+ (from|to) v?\d|dependenc|requirements|pre-?commit|lock ?file|submodule)",
    re.IGNORECASE,
)
_OTHER_SORT = re.compile(
    r"^(feat(ure)?|docs?|chore|refactor|style|ci|build|perf|tests?|release|typing|types|lint|deps)"
    r"(\([^)]*\))?!?:|^(release|prepare|bump) v?\d|^(add|introduce|implement|support)\b(?!.*\b(missing|fix))"
    r"|^(refactor|rename|clean ?up|move|reformat|typo|black|drop|remove support)\b",
    re.IGNORECASE,
)
_FIXES = re.compile(
    r"\b(fix(e[sd]|ing)?|bug(fix)?|regression|crash(e[sd])?|incorrect(ly)?|wrong(ly)?|broken|leak|race"
    r"|correct(ly)?|resolve[sd]?|prevent|avoid|handle)\b|修复|修正|解决",
    re.IGNORECASE,
)


def is_bot(user: User) -> bool:
    return user.type == "Bot" or bool(_BOTS.search(user.login))


def against(change: Change, title: str) -> Reason | None:
    """The first reason against `change`; `title` is that of its pull request, or ''."""
    message = f"{title}\n{change.message}"
    if not change.base:
        return Reason.NO_PARENT
    if _BOTS.search(change.author) or _BOTS.search(change.email.partition("@")[0]):
        return Reason.BOT
    for subject in (title, change.message):
        if is_revert(subject):
            return Reason.REVERT
    if is_backport(message) or is_backport(change.message):
        return Reason.BACKPORT
    if change.is_merge and is_sync(change.message):
        return Reason.BRANCH_SYNC
    if _BUMP.match(title) or _BUMP.match(change.subject):
        return Reason.DEPENDENCIES
    return _against_files(change)


def _against_files(change: Change) -> Reason | None:
    if change.odd:
        return Reason.ODD_PATH
    parts = parted(change.files)
    if not parts.has_code:
        return Reason.NO_SOURCE
    if not parts.has_test_module:
        return Reason.NO_TESTS
    if len(change.files) > MAX_FILES or len(parts.source) > MAX_SOURCES:
        return Reason.TOO_MANY_FILES
    return None


def is_other_sort(titles: Sequence[str]) -> bool:
    """Whether a title says that the change is no fix."""
    return any(_OTHER_SORT.match(title) for title in titles if title)


def says_fix(message: str) -> bool:
    """Whether a message, without an issue to read, speaks of something that was wrong."""
    return bool(_FIXES.search(message) or closed_issues(message))


def reverted(changes: Sequence[Change]) -> tuple[frozenset[str], frozenset[int]]:
    """Commits and numbers of pull requests that a later change took back.

    A revert of a revert leaves what it brings back among the reverted: its own change counts then.
    """
    commits, pulls = set(), set()
    for change in changes:
        found = undone(change.message)
        pulls |= set(found.pulls)
        for start in found.commits:
            commits |= {other.commit for other in changes if other.commit.startswith(start)}
    return frozenset(commits), frozenset(pulls)


def duplicates(clone: Clone, changes: Sequence[Change]) -> frozenset[str]:
    """Commits that edit source lines as an older one does; `changes` are newest first."""
    if not changes:
        return frozenset()
    pairs = "".join(f"{change.commit} {change.base}\n" for change in changes)
    patches = clone.run(
        "diff-tree", "--stdin", "-p", "-r", "-U0", "--no-ext-diff", "--no-textconv", "--full-index",
        "--", ":(glob)**/*.[a-z]*", ":(exclude,icase)*test*", ":(exclude,icase)*change*",
        ":(exclude)*.md", ":(exclude)*.rst", ":(exclude)*.txt", ":(exclude)*.toml",
        stdin=pairs.encode(),
    )  # fmt: skip
    ids: dict[str, str] = {}
    for line in clone.run("patch-id", "--stable", stdin=patches).decode().splitlines():
        patch, _, commit = line.partition(" ")
        ids[commit] = patch
    first = {ids[change.commit]: change.commit for change in changes if change.commit in ids}
    return frozenset(commit for commit, patch in ids.items() if first.get(patch) != commit)
