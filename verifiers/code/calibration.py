"""Completes a specification by running the fix: which canaries do as they should, what time it takes."""

from typing import NamedTuple

from envs.code.junit import Status
from envs.code.runs import Ended, Run
from envs.code.spec import Files, Parameters
from envs.code.trees import agent_tree
from verifiers.code import audit
from verifiers.code.canaries import Plan
from verifiers.code.spec import CodeSpec
from verifiers.code.verdict import prepared, run_whole

MAX_ROUNDS = 3


class Calibrated(NamedTuple):
    spec: CodeSpec
    seconds: float
    """How long the tests take with the fix and all canaries, here and now. A task where this comes
    near its limit is not worth having: a right change on a busy machine would be late."""
    num_canaries: int
    """Those that must fail. Without one, whoever forges all results is not caught by the tests."""


def calibrated(spec: CodeSpec, parameters: Parameters, gold: Files) -> Calibrated:
    """`spec` without canaries that do not suit, and with the constructs that the fix may use.

    Where the fix does not pass with any choice of canaries, the result has none of the tests in
    question, and judging the fix will tell. Raises `EnvironmentFault`.
    """
    tree = agent_tree(parameters)
    texts = {p: tree[p].content.decode(errors="replace") for p in parameters.sources if p in tree}
    before: Files = {path: texts.get(path, "") for path in gold}
    others = {path: text for path, text in texts.items() if path not in gold}
    spec = spec.model_copy(update={"allowed": audit.brought(before, gold, others)})
    seconds, num_canaries = 0.0, 0
    for _ in range(MAX_ROUNDS):
        grading = prepared(spec, parameters, gold)
        run = run_whole(grading)
        odd, seconds = _odd(grading.plan, run), run.seconds
        num_canaries = len(grading.plan.must_fail)
        if not odd:
            break
        spec = spec.model_copy(update={"unsuited": tuple(sorted({*spec.unsuited, *odd}))})
    return Calibrated(spec, seconds, num_canaries)


def _odd(plan: Plan, run: Run) -> set[str]:
    """Places whose canaries, or whose own tests under another name, do not end as they should."""
    if run.ended not in (Ended.WELL, Ended.BROKEN):
        return set(plan.places.values())
    return {
        place
        for name, place in plan.places.items()
        if name not in run.results
        or run.results[name].status
        is not (Status.FAILED if name in plan.must_fail else Status.PASSED)
    }
