"""One bug of a mined source for one draft, ready to be labelled."""

from data.errors import SourceError
from envs.code.runs import RunRequest
from envs.code.trees import laid_over, origin_tree
from synth.code.bug import Bug
from synth.code.draft import Rejected
from synth.code.intake import loading, toolchain_of
from synth.code.mining.catalogue import Catalogue, catalogue
from synth.code.mining.reasons import Refusal


def candidates(source: str) -> Catalogue:
    """The catalogue of `source`; raises `SourceError` where no change in it may be a fix."""
    mined = catalogue(source, toolchain_of)
    if not mined.candidates:
        found = ", ".join(f"{count} {reason}" for reason, count in mined.refused.most_common(3))
        raise SourceError(f"nothing_to_mine: no change of {source} may be a fix: {found}")
    return mined


def drawn(source: str, turn: int) -> Bug:
    """The fix of `source` at `turn`, newest first, with the test modules that load.

    Raises `Rejected` with why it is none, which is `exhausted` behind the last one.
    """
    mined = candidates(source)
    if turn >= len(mined.candidates):
        raise Rejected("exhausted")
    bug = mined[turn]
    if isinstance(bug, Refusal):
        raise Rejected(bug.reason)
    tree = laid_over(origin_tree(bug.origin, bug.tree_sha256), {**bug.gold, **bug.tests})
    return bug.model_copy(update={"modules": loading(RunRequest(tree, bug.toolchain, bug.modules))})
