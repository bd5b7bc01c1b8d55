"""All changes of a source by their number: each a bug, or the reason why it is none.

Numbers are stable for a pinned source. The changes that nothing speaks against so far come first, the
newest first; so whoever counts up from 0 has seen all that there is when refusals no longer end.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from data.task import Source
from envs.code.clone import Clone
from envs.code.layout import detect
from envs.code.origins.git import commit_tree
from envs.code.project import Project, describe
from envs.code.spec import Origin
from envs.code.tree import Tree, tree_hash
from synth.code.bug import Bug
from synth.code.mining import rules
from synth.code.mining.bugs import OWN_LICENCE, Known, ToolchainOf, bug_of, git_origin
from synth.code.mining.history import MAX_CHANGES, Change, main_line
from synth.code.mining.licences import licence
from synth.code.mining.pulls import Link, joined, linked, shared
from synth.code.mining.reasons import Reason, Refusal
from synth.code.mining.records import NO_RECORDS, Records, is_dump, read_records
from synth.code.mining.source import MinedSource, parse_source, pinned


class Candidate(NamedTuple):
    change: Change
    link: Link


class Catalogue:
    """`len(catalogue)` changes; `catalogue[number]` reads one, which takes some tenths of a second."""

    def __init__(self, source: MinedSource, toolchain_of: ToolchainOf) -> None:
        """`source` is pinned. Raises `SourceError` where clone or records cannot be read."""
        self.source = source
        with Clone(source.path) as clone:
            records, name = _records(source, clone)
            line = joined(clone, main_line(clone, source.commit, MAX_CHANGES), records)
            links = linked(clone, line.changes, records, name)
            reasons = _reasons(clone, line.changes, line.parts, links)
        left = [change for change in line.changes if change.commit not in reasons]
        self.candidates = [Candidate(change, links[change.commit]) for change in left]
        """Nothing speaks against these so far."""
        self.refusals = [Refusal(reason, commit) for commit, reason in reasons.items()]
        several = shared(links, [change.commit for change in left])
        self._known = Known(records, name, several, source.own, toolchain_of)

    def __len__(self) -> int:
        return len(self.candidates) + len(self.refusals)

    def __getitem__(self, number: int) -> Bug | Refusal:
        """Raises `IndexError` behind the last."""
        if number >= len(self.candidates):
            return self.refusals[number - len(self.candidates)]
        candidate = self.candidates[number]
        with Clone(self.source.path) as clone:
            return bug_of(clone, candidate.change, candidate.link, self._known)

    def __iter__(self) -> Iterator[Bug | Refusal]:
        return (self[number] for number in range(len(self)))

    @property
    def refused(self) -> Counter[str]:
        """Changes that were refused before any was read, by reason."""
        return Counter(refusal.reason for refusal in self.refusals)

    @property
    def records(self) -> Records:
        return self._known.records


def _records(source: MinedSource, clone: Clone) -> tuple[Records, str]:
    """The records of the source, and the name that its repository goes by in them."""
    name = source.name or clone.name()
    if not source.records:
        return NO_RECORDS, name
    # Dumps hold other repositories too; a download holds one, which may have been renamed since.
    records = read_records(
        source.records, name if any(map(is_dump, source.records)) else source.name
    )
    known = records.repository.full_name if records.repository else name
    return records, source.name or known


def _reasons(
    clone: Clone, changes: Sequence[Change], parts: frozenset[str], links: dict[str, Link]
) -> dict[str, Reason]:
    """Why changes are refused at a glance, in the order of the changes."""
    commits, pulls = rules.reverted(changes)
    found: dict[str, Reason] = {}
    for change in changes:
        link = links[change.commit]
        if change.commit in parts:
            found[change.commit] = Reason.PART_OF_PULL
        elif change.commit in commits or link.pull in pulls:
            found[change.commit] = Reason.REVERTED
        elif reason := rules.against(change, link.title):
            found[change.commit] = reason
    left = [change for change in changes if change.commit not in found]
    return found | dict.fromkeys(sorted(rules.duplicates(clone, left)), Reason.DUPLICATE)


class OwnTree(NamedTuple):
    """The committed state of a user's repository: what bugs are put into."""

    origin: Origin
    tree: Tree
    project: Project | None
    """None for a tree of another language than Python."""
    licence: Source
    committed: datetime
    """Requirements are locked as of then."""


def own_tree(source: MinedSource) -> OwnTree:
    """Raises `SourceError`, with the first word of why the tree is of no use."""
    with Clone(source.path) as clone:
        commit = clone.commit(source.commit) if source.commit else clone.head
        tree = commit_tree(clone, commit)
        project = _described(tree)
        name = project.name if project else source.path.name
        sha256 = tree_hash(tree)
        terms = licence(tree) or (OWN_LICENCE if source.own else "")
        if not terms:
            raise SourceError(f"{Reason.NO_LICENCE}: {source.path} tells no licence")
        return OwnTree(
            origin=git_origin(clone, name, commit, sha256),
            tree=tree,
            project=project,
            licence=Source(name=name, version=commit, licence=terms, sha256=sha256),
            committed=main_line(clone, commit, 1)[0].committed,
        )


def _described(tree: Tree) -> Project | None:
    try:
        return describe(tree)
    except SourceError:
        try:
            detect(tree)
        except SourceError:
            pass
        else:
            return None
        raise


@lru_cache(maxsize=4)
def catalogue(source: str, toolchain_of: ToolchainOf) -> Catalogue:
    """The catalogue of `git:PATH[,records=FILE]` or `repo:PATH`, made once a process."""
    return Catalogue(pinned(parse_source(source)), toolchain_of)


def mined_bugs(
    clone: Path, records: Path | None, toolchain_of: ToolchainOf, own: bool = False
) -> Iterator[Bug | Refusal]:
    """Every change of the main line of `clone`, as a bug or as a refusal."""
    source = MinedSource("repo" if own else "git", clone.resolve(), (records,) if records else ())
    yield from Catalogue(pinned(source), toolchain_of)
