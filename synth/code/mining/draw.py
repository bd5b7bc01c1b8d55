"""One bug of a mined source for one draft, ready to be labelled."""

from random import Random

from data.errors import SourceError
from envs.code.runs import RunRequest
from envs.code.trees import laid_over, origin_tree
from synth.code.bug import Bug
from synth.code.draft import Rejected
from synth.code.intake import loading, toolchain_of
from synth.code.mining.catalogue import catalogue
from synth.code.mining.reasons import Refusal


def drawn(source: str, rng: Random) -> Bug:
    """A fix of `source` with the test modules that load; raises `Rejected` with why there is none."""
    mined = catalogue(source, toolchain_of)
    if not mined.candidates:
        found = ", ".join(f"{count} {reason}" for reason, count in mined.refused.most_common(3))
        raise SourceError(f"nothing_to_mine: no change of {source} may be a fix: {found}")
    bug = mined[rng.randrange(len(mined.candidates))]
    if isinstance(bug, Refusal):
        raise Rejected(bug.reason)
    tree = laid_over(origin_tree(bug.origin, bug.tree_sha256), {**bug.gold, **bug.tests})
    return bug.model_copy(update={"modules": loading(RunRequest(tree, bug.toolchain, bug.modules))})
