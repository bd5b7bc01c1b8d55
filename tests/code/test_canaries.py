"""Canaries are other tests than their originals in one place only, and cannot be told by their names."""

import ast
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.code.probes import Outputs, suits, variations
from tests.code.spans import LABELS, SCRIPT, TREE
from verifiers.code import audit
from verifiers.code.alteration import altered
from verifiers.code.canaries import Plan, plan

TEXTS = {p: f.content.decode() for p, f in TREE.items() if p.startswith("tests/test_")}


def made(seed: int, unsuited: tuple[str, ...] = ()) -> Plan:
    return plan(TEXTS, LABELS.fail_to_pass, LABELS.pass_to_pass, unsuited, seed)


def functions(text: str) -> dict[str, str]:
    """Bodies by name."""
    return {
        node.name: ast.dump(ast.Module(node.body, []))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    }


def test_one_seed_gives_one_plan_and_another_seed_another() -> None:
    assert made(5) == made(5)
    assert len({tuple(sorted(made(seed).must_fail)) for seed in range(8)}) == 8


def test_every_test_that_shows_the_issue_has_copies_that_must_fail() -> None:
    for seed in range(8):
        found = made(seed)
        own = {found.places[found.origins[name]] for name in LABELS.fail_to_pass}
        assert own <= {found.places[name] for name in found.must_fail}
        assert not found.must_fail & found.must_pass
        assert set(found.origins.values()) <= found.must_pass


def test_the_name_does_not_tell_which_copy_is_the_test() -> None:
    name = LABELS.fail_to_pass[0]
    kept = [made(seed).origins[name] == name for seed in range(24)]
    assert 2 < sum(kept) < 22


def test_real_tests_keep_their_bodies() -> None:
    before = functions(TEXTS["tests/test_form.py"])
    for seed in range(8):
        found = made(seed)
        after = functions(found.modules["tests/test_form.py"])
        for old, new in found.origins.items():
            if old.startswith("tests.test_form"):
                names = [name.partition("::")[2].partition("[")[0] for name in (old, new)]
                assert after[names[1]] == before[names[0]]


def test_places_that_do_not_suit_are_left_alone() -> None:
    place = "tests/test_form.py::test_minutes_become_hours"
    found = made(3, (place,))
    assert place not in found.places.values()
    assert LABELS.fail_to_pass[0] in found.must_pass


_LITERALS = st.recursive(
    st.integers(-99, 99) | st.text("abc XYZ19", min_size=1) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(value=_LITERALS, seed=st.integers(0, 1000), form=st.integers(0, 5))
def test_an_altered_test_fails_wherever_the_test_passes(
    value: object, seed: int, form: int
) -> None:
    claim = [
        "assert result == {}",
        "assert {} == result, 'why'",
        "self.assertEqual(result, {})",
        "assert result == other",
        "self.assertEqual(other, result)",
        "assert not (result != {})",
    ][form].replace("{}", repr(value))
    source = f"def test_it(self, result, other):\n    'Doc: é'\n    {claim}\n"
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    forms = altered(source, function, 0, 3, Random(seed))
    assert forms
    assert len(set(forms)) == len(forms)
    assert passes(source, value)
    assert not [text for text in forms if passes(text, value)]


def passes(source: str, value: object) -> bool:
    import unittest

    space: dict[str, object] = {}
    exec(source, space)
    test = space["test_it"]
    assert callable(test)
    try:
        test(unittest.TestCase(), value, value)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(
    "body",
    [
        "if result:\n        assert result == other\n    else:\n        assert not result",
        "for _ in range(2):\n        self.assertEqual(result, other)",
        "if not result:\n        return\n    assert result == other",
        "print(result)",
        "pass",
    ],
)
def test_tests_without_a_claim_that_is_surely_reached_can_be_altered_too(body: str) -> None:
    source = f"def test_it(self, result, other):\n    {body}\n"
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    forms = altered(source, function, 0, 3, Random(0))
    assert passes(source, 7)
    assert forms
    assert not [text for text in forms if passes(text, 7)]


def test_tests_expected_to_fail_are_no_canaries() -> None:
    text = "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert 1 + 1 == 2\n"
    assert plan({"test_a.py": text}, ["test_a::test_it"], [], (), 1).must_fail == frozenset()


def test_variations_stay_near_and_suit_only_where_the_answer_keeps_its_shape() -> None:
    found = variations(SCRIPT, Random(4), 20)
    assert len({one.script for one in found}) == len(found) > 5
    before = Outputs("'1h 30m'\n", "'30m'\n")
    kinds = {
        ("'1h 40m'\n", "'40m'\n"): True,
        ("'1h 40m'\n", "'1h 40m'\n"): False,
        ("'1h 30m'\n", "'30m'\n"): False,
        ("'2h 1m 1s'\n", "'1s'\n"): False,
        ("ValueError: no\n", "'40m'\n"): False,
    }
    for outputs, right in kinds.items():
        assert suits(found[0], before, Outputs(*outputs)) is right


def test_words_are_exchanged_in_the_answer_too() -> None:
    script = "import m\nprint(m.f('SELECT name FROM t', x='name'))\n"
    one = next(v for v in variations(script, Random(1), 30) if v.words and v.words[0][0] == "name")
    new = one.words[0][1]
    assert (len(new), new.islower()) == (4, True)
    assert suits(one, Outputs("name, 12\n", "12\n"), Outputs(f"{new}, 12\n", "12\n"))
    assert not suits(one, Outputs("name, 12\n", "12\n"), Outputs("name, 12\n", "12\n"))


def test_the_audit_asks_what_is_new_in_the_file() -> None:
    exits = "import os\n\n\ndef f():\n    os._exit(0)\n"
    reads = "import sys\n\n\ndef f():\n    return sys.argv\n"
    assert audit.problem({"a.py": ""}, {"a.py": exits}, {}, ())
    assert not audit.problem({"a.py": exits}, {"a.py": exits + "# more\n"}, {}, ())
    assert audit.problem({"a.py": ""}, {"a.py": exits}, {"b.py": exits}, ())
    # Milder things may be used where the project uses them.
    assert audit.problem({"a.py": ""}, {"a.py": reads}, {}, ())
    assert not audit.problem({"a.py": ""}, {"a.py": reads}, {"b.py": reads}, ())
    assert not audit.problem({"a.py": ""}, {"a.py": exits}, {}, ("_exit",))
    assert not audit.problem({"a.py": ""}, {"a.py": '"""Tested by pytest."""\n'}, {}, ())
