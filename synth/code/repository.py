"""The user's own repository as ground for bugs: its newest commit, its own tests."""

from datetime import UTC, datetime
from pathlib import Path

from envs.code.clone import Clone
from envs.code.origins.git import commit_tree
from envs.code.spec import Origin
from envs.code.tree import tree_hash
from synth.code.intake import Prepared, prepare_found
from synth.code.mining.bugs import OWN_LICENCE
from synth.code.mining.licences import licence


def prepare_repository(path: Path) -> Prepared:
    """The commit of HEAD; raises `SourceError` where there is none, or it is of no use."""
    with Clone(path) as clone:
        commit = clone.head
        tree = commit_tree(clone, commit)
        when = datetime.fromtimestamp(int(clone.run("show", "-s", "--format=%ct", commit)), UTC)
    origin = Origin(
        source="git", project=path.name, version=commit, archive=str(path), sha256=tree_hash(tree)
    )
    return prepare_found(tree, origin, licence(tree) or OWN_LICENCE, when)
