"""Reproductions of a bug in JavaScript are found in the failing tests, and really run."""

from pathlib import Path

import pytest

from data.errors import EnvironmentFault
from envs.code.toolchains.driven import needs
from envs.code.toolchains.node import PROGRAMS
from envs.code.tree import File, tree_hash
from envs.code.trees import keep_tree, laid_over
from synth.code.bug import Place
from synth.code.ecmascript.distance import distances
from synth.code.ecmascript.search import gather
from synth.code.labels import buggy_tree, fixed_tree
from synth.code.statement.evidence import Evidence
from synth.code.statement.symptom import Sort, symptom
from tests.code.ranges import BROKEN, BUG, LABELS, TREE

CLOCKED = (
    "const { test } = require('node:test');\nconst assert = require('node:assert');\n"
    "const { compare } = require('../lib/version.js');\n\n"
    "test('the clock runs', () => {\n  assert.ok(new Date(Date.now()).toISOString() + compare('1', '2'));\n"
    "  assert.ok(compare('1.0.0-a.2', '1.0.0-a.1') > 0);\n});\n"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        needs(PROGRAMS)
    except EnvironmentFault as fault:
        pytest.skip(str(fault))
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))


def test_a_short_script_shows_the_bug_by_the_name_of_the_package() -> None:
    keep_tree(TREE)
    found = gather(BUG, LABELS.fail_to_pass, fixed_tree(BUG), buggy_tree(BUG))
    assert isinstance(found, Evidence)
    first = found.reproductions[0]
    assert first.script.startswith("const { ")
    assert "require('ranges/lib/" in first.script
    assert first.script.count("\n") <= 5
    assert first.fixed.out != first.buggy.out
    assert symptom(first).sort in (Sort.NUMBER, Sort.TRUTH)
    assert found.runtime.startswith("Node.js ")


def test_what_differs_by_the_clock_alone_shows_nothing() -> None:
    tree = {**TREE, "test/clock.test.js": File(content=CLOCKED.encode())}
    keep_tree(tree)
    path = "test/clock.test.js"
    bug = BUG.model_copy(update={"tree_sha256": tree_hash(tree), "modules": (path,)})
    found = gather(bug, (f"{path}::the clock runs",), fixed_tree(bug), buggy_tree(bug))
    assert isinstance(found, Evidence)
    assert not any("Date" in each.script for each in found.reproductions)
    alike = laid_over(tree, {BROKEN: BUG.buggy[BROKEN]})
    same = gather(bug, (f"{path}::the clock runs",), alike, alike)
    assert same == "no_reproduction"


def test_calls_between_a_test_and_a_function_are_counted() -> None:
    keep_tree(TREE)
    places = [Place(BROKEN, name, 1) for name in ("compare", "compareTags", "compareParts", "none")]
    assert distances(BUG, LABELS, places) == [1, 2, 3, 0]
