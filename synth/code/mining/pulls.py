"""Which pull request and which issues belong to a change of the main line.

A merge and a squash name the pull request in their message, the records name the commit of every
merge; a rebase leaves several commits on the main line, which are put together again by their messages.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from envs.code.clone import Clone
from synth.code.mining.history import Change, compared, messages
from synth.code.mining.records import PullCommit, Records
from synth.code.mining.references import closed_issues, pull_number


class Link(NamedTuple):
    pull: int
    """0 where there is none."""
    issues: tuple[int, ...]
    title: str
    """Of the pull request, if the records have it."""


class Joined(NamedTuple):
    changes: list[Change]
    parts: frozenset[str]
    """Commits that now belong to the change of a later one, and are none of their own."""


def joined(clone: Clone, changes: Sequence[Change], records: Records) -> Joined:
    """`changes` with rebased pull requests as one change each, against the parent of their first commit."""
    by_commit = {
        pull.merge_commit_sha: pull.number for pull in records.pulls.values() if pull.merged_at
    }
    bases: dict[str, str] = {}
    parts: set[str] = set()
    for at, change in enumerate(changes):
        number = by_commit.get(change.commit, 0)
        length = _rebased(changes[at:], records.commits.get(number, ()))
        if length > 1:
            bases[change.commit] = changes[at + length - 1].base
            parts |= {other.commit for other in changes[at + 1 : at + length]}
    touched = compared(clone, [pair for pair in bases.items() if pair[1]])
    found = []
    for change in changes:
        if change.commit in touched:
            files, odd = touched[change.commit]
            found.append(change._replace(base=bases[change.commit], files=files, odd=odd))
        else:
            found.append(change)
    return Joined(found, frozenset(parts))


def _rebased(line: Sequence[Change], commits: Sequence[PullCommit]) -> int:
    """How many changes at the head of `line` are these commits, oldest first; 0 if they are not."""
    told = [commit.commit.message.partition("\n")[0].strip() for commit in reversed(commits)]
    here = [change.subject for change in line[: len(told)] if not change.is_merge]
    return len(told) if told and here == told else 0


def linked(
    clone: Clone, changes: Sequence[Change], records: Records, repository: str
) -> dict[str, Link]:
    """The links of each change, by commit."""
    by_commit = {
        pull.merge_commit_sha: pull.number for pull in records.pulls.values() if pull.merged_at
    }
    return {
        change.commit: _link(clone, change, records, repository, by_commit) for change in changes
    }


def _link(
    clone: Clone,
    change: Change,
    records: Records,
    repository: str,
    by_commit: Mapping[str | None, int],
) -> Link:
    number = by_commit.get(change.commit) or pull_number(change.message, change.is_merge)
    pull = records.pulls.get(number)
    texts = [change.message]
    if pull:
        texts += [pull.title, pull.body or ""]
    texts += [commit.commit.message for commit in records.commits.get(number, ())]
    if (
        change.is_merge
        and len(change.parents) == 2
        and not closed_issues("\n\n".join(texts), repository)
    ):
        texts += messages(clone, change.parents[1], change.base)
    issues = {issue for text in texts for issue in closed_issues(text, repository)}
    # A pull request may be said to be closed by another: that is no issue.
    issues -= {number, *records.pulls}
    return Link(number, tuple(sorted(issues)), pull.title if pull else "")


def shared(links: Mapping[str, Link], commits: Sequence[str]) -> frozenset[int]:
    """Issues that more than one of these changes says it closes."""
    counts = Counter(issue for commit in commits for issue in links[commit].issues)
    return frozenset(issue for issue, times in counts.items() if times > 1)
