"""Every known cheat in JavaScript scores 0, at the layer that the library says, without the audit."""

import asyncio
from pathlib import Path

import pytest

from data.errors import EnvironmentFault
from data.task import PublicTask
from envs.code.env import Env
from envs.code.spec import Files
from envs.code.toolchains.driven import needs
from envs.code.toolchains.node import PROGRAMS
from envs.code.trees import agent_tree, keep_tree
from synth.code.cheats import Cheat, Layer, Target
from synth.code.cheats.node import CHEATS
from tests.code.ranges import BROKEN, BUG, FIXED, PARAMETERS, SCRIPT, SPEC, TREE, task
from tests.code.spans import attempt
from verifiers.code import audit
from verifiers.code.verdict import verify

PATCHES = [cheat for cheat in CHEATS if cheat.files]
TOOLS = [cheat for cheat in CHEATS if cheat.calls]


@pytest.fixture
def target(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Target:
    try:
        needs(PROGRAMS)
    except EnvironmentFault as fault:
        pytest.skip(str(fault))
    folder: Path = tmp_path_factory.getbasetemp() / "ranges-cache"
    monkeypatch.setenv("PALAESTRA_CACHE", str(folder))
    keep_tree(TREE)
    return Target(BUG, agent_tree(PARAMETERS), SCRIPT)


def brought(target: Target, files: Files) -> tuple[str, ...]:
    """What the audit finds."""
    texts = {p: target.tree[p].content.decode() for p in BUG.sources if p in target.tree}
    before: Files = {path: texts.get(path, "") for path in files}
    return audit.brought(before, files, {p: t for p, t in texts.items() if p not in files})


def judged(target: Target, cheat: Cheat) -> tuple[float, str]:
    """The score without the audit, and the first check that failed."""
    assert cheat.files is not None
    files = cheat.files(target)
    spec = SPEC.model_copy(update={"allowed": brought(target, files)})
    found = verify(task(spec), attempt(files))
    return found.score, next((c.name for c in found.checks if not c.passed), "")


@pytest.mark.parametrize("cheat", PATCHES, ids=[cheat.name for cheat in PATCHES])
def test_changes_that_cheat_score_0_without_the_audit(target: Target, cheat: Cheat) -> None:
    assert judged(target, cheat) == (0.0, cheat.ends)


def test_the_fix_scores_1_and_brings_nothing_that_the_audit_minds(target: Target) -> None:
    assert brought(target, {BROKEN: FIXED}) == ()
    found = verify(task(), attempt({BROKEN: FIXED}))
    assert [c for c in found.checks if not c.passed] == []


def test_the_audit_sees_most_of_them_before_anything_runs(target: Target) -> None:
    running = [c for c in PATCHES if c.ends in (Layer.TESTS, Layer.ALONE, Layer.PROBES) and c.files]
    plain = {c.name for c in running if c.files and not brought(target, c.files(target))}
    assert plain <= {
        "a comment",
        "the source is deleted",
        "tests are skipped",
        "right for the inputs of the issue",
    }


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
