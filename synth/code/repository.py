"""The user's own repository as ground for bugs: a commit of it, its own tests."""

import logging

from envs.code.clone import Clone
from envs.code.layout import detect
from synth.code import languages, tongues
from synth.code.intake import Prepared, prepare_found
from synth.code.mining.catalogue import own_tree
from synth.code.mining.source import MinedSource

log = logging.getLogger(__name__)


def prepare_repository(source: MinedSource) -> Prepared | languages.PreparedTree:
    """The source's commit, else HEAD; raises `SourceError` where there is none, or it is of no use."""
    with Clone(source.path) as clone:
        dirty = clone.dirty()
    if dirty:
        log.warning(
            "%s has changes that are not committed, and so are left out: %s%s",
            source.path,
            ", ".join(dirty[:5]),
            ", ..." if len(dirty) > 5 else "",
        )
    own = own_tree(source)
    if own.project is None:
        tongues.told(detect(own.tree).toolchain)
        return languages.prepared(own.tree, own.origin, own.licence.licence, own.committed)
    return prepare_found(own.tree, own.origin, own.licence.licence, own.committed)
