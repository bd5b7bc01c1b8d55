"""Trees of other languages than Python go the way of all bugs: prepared, mutated, labelled."""

from pathlib import Path

import pytest

from data.errors import EnvironmentFault, SourceError
from data.hashing import derive_rng
from envs.code.spec import Origin
from envs.code.tree import Tree, read_folder, tree_hash
from synth.code.bug import Bug
from synth.code.draft import Rejected
from synth.code.labels import label
from synth.code.languages import PreparedTree, Soil, mutate, noticed, prepare
from tests.code.test_toolchain_npm import NEW

PHP = Path(__file__).parent / "projects" / "php"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))


def prepared(tree: Tree) -> PreparedTree:
    digest = tree_hash(tree)
    origin = Origin(source="npm", project="duration", version="1", archive="a", sha256=digest)
    try:
        return prepare(tree, origin, "Apache-2.0", NEW)
    except EnvironmentFault as fault:
        if "is not installed" not in str(fault):
            raise
        pytest.skip(str(fault))


def first_bug(soil: Soil) -> Bug:
    for index in range(20):
        try:
            return mutate(soil, derive_rng(7, "languages", index)).bug
        except Rejected:
            continue
    raise AssertionError("none of 20 mutations makes a bug")


def test_a_tree_gives_bugs_that_its_tests_tell_apart_again_and_again() -> None:
    tree = read_folder(PHP)
    soil = Soil(prepared(tree))
    assert len(soil.prepared.passing) == 20
    assert soil.prepared.flaky == ()
    bug = first_bug(soil)
    ((path, gold),) = bug.gold.items()
    assert gold == tree[path].content.decode() != bug.buggy[path]
    labels = label(bug)
    assert labels.flaky == ()
    assert set(labels.fail_to_pass) == set(noticed(soil, path, bug.buggy[path] or ""))
    assert {*labels.fail_to_pass, *labels.pass_to_pass} == set(soil.prepared.passing)
    assert first_bug(Soil(soil.prepared)) == bug


def test_what_no_test_notices_is_refused_with_a_word() -> None:
    tree = read_folder(PHP)
    soil = Soil(prepared(tree))
    text = tree["src/Duration.php"].content.decode()
    for changed, reason in (
        (text.replace("A span of time", "Some time"), "survived"),
        (text.replace("return new self", "return null ?? new static; new self"), "too_broad"),
        (text.replace("$text = strtolower(trim($text));", "exit(0);"), "crash"),
    ):
        with pytest.raises(Rejected, match=reason):
            noticed(soil, "src/Duration.php", changed)


def test_a_suite_that_knows_too_little_is_refused() -> None:
    tree = read_folder(PHP)
    path = "tests/DurationTest.php"
    text = tree[path].content.decode()
    small = text[: text.index("    /** @dataProvider readable */")] + (
        "    public function testAdds(): void\n    {\n        self::assertTrue(true);\n    }\n}\n"
    )
    few = {**tree, path: tree[path].model_copy(update={"content": small.encode()})}
    with pytest.raises(SourceError, match="few_tests: 1 of its tests"):
        prepared(few)
