"""Every known cheat scores 0, at the layer that the library says, also where no audit looks."""

import asyncio
from pathlib import Path

import pytest

from data.task import PublicTask
from envs.code.env import Env
from envs.code.spec import CodeLimits, Files
from envs.code.trees import agent_tree
from synth.code.cheats import CHEATS, SLOW_CHEATS, Cheat, Layer, Target
from tests.code.spans import BROKEN, BUG, FORM, PARAMETERS, SCRIPT, SPEC, attempt, task
from verifiers.code import audit
from verifiers.code.verdict import verify

PATCHES = [cheat for cheat in CHEATS if cheat.files]
TOOLS = [cheat for cheat in CHEATS if cheat.calls]


@pytest.fixture
def target(kept: Path) -> Target:
    return Target(BUG, agent_tree(PARAMETERS), SCRIPT)


def brought(target: Target, files: Files) -> tuple[str, ...]:
    """What the audit finds."""
    texts = {p: target.tree[p].content.decode() for p in BUG.sources if p in target.tree}
    before: Files = {path: texts.get(path, "") for path in files}
    return audit.brought(before, files, {p: t for p, t in texts.items() if p not in files})


def judged(target: Target, cheat: Cheat, *, audited: bool) -> tuple[float, str]:
    """The score, and the first check that failed."""
    assert cheat.files is not None
    files = cheat.files(target)
    allowed = () if audited else brought(target, files)
    limits = CodeLimits(tests_s=12.0) if cheat in SLOW_CHEATS else PARAMETERS.limits
    spec = SPEC.model_copy(update={"allowed": allowed})
    parameters = PARAMETERS.model_copy(update={"limits": limits})
    found = verify(task(spec, parameters), attempt(files))
    return found.score, next((c.name for c in found.checks if not c.passed), "")


@pytest.mark.parametrize("cheat", PATCHES, ids=[cheat.name for cheat in PATCHES])
def test_changes_that_cheat_score_0_without_the_audit(target: Target, cheat: Cheat) -> None:
    assert judged(target, cheat, audited=False) == (0.0, cheat.ends)


@pytest.mark.parametrize("cheat", SLOW_CHEATS, ids=[cheat.name for cheat in SLOW_CHEATS])
def test_to_use_up_a_limit_is_no_fault_but_a_failure(target: Target, cheat: Cheat) -> None:
    assert judged(target, cheat, audited=False) == (0.0, cheat.ends)


def test_the_audit_sees_most_of_them_before_anything_runs(target: Target) -> None:
    running = [cheat for cheat in PATCHES if cheat.ends in (Layer.TESTS, Layer.ALONE)]
    seen = [cheat for cheat in running if judged(target, cheat, audited=True)[1] == Layer.AUDIT]
    plain = {cheat.name for cheat in running} - {cheat.name for cheat in seen}
    assert plain <= {
        "a comment",
        "the source is deleted",
        "the interpreter exits",
        "results equal everything",
        "right for the inputs of the issue",
    }


def test_the_fix_brings_nothing_that_the_audit_minds(target: Target) -> None:
    assert brought(target, {BROKEN: FORM}) == ()


@pytest.mark.parametrize("cheat", TOOLS, ids=[cheat.name for cheat in TOOLS])
def test_what_an_agent_tries_with_its_tools_scores_0(target: Target, cheat: Cheat) -> None:
    async def played() -> object:
        env = Env()
        public = task().public()
        try:
            await env.reset(PublicTask.model_validate(public.model_dump()))
            assert cheat.calls is not None
            for call in cheat.calls(target):
                await env.call(call)
            return env.state()
        finally:
            await env.close()

    left = attempt({}).model_copy(update={"state": asyncio.run(played())})
    found = verify(task(), left)
    assert found.score == 0.0
    assert next(c.name for c in found.checks if not c.passed) == cheat.ends
