"""Tests of JavaScript and TypeScript are found, copied, hidden and turned into scripts."""

import re
from random import Random

import pytest

from envs.code.tree import File, Tree
from synth.code.draft import Rejected
from synth.code.ecmascript import reading
from synth.code.ecmascript.excerpt import scripts
from synth.code.ecmascript.hiding import hide
from synth.code.ecmascript.shrink import smaller
from synth.code.ecmascript.text import laid_out, needed
from synth.code.ecmascript.variations import variations
from tests.code.ranges import LABELS, TREE
from verifiers.code import audit
from verifiers.code.canaries import Place, plan
from verifiers.code.ecmascript import Suite
from verifiers.code.ecmascript_canaries import with_copies

RANGE, VERSION = "test/range.test.js", "test/version.test.js"
TEXTS = {path: TREE[path].content.decode() for path in (RANGE, VERSION)}
TAPE = """var test = require('tape');
var add = require('../').add;

test('adds', function (t) {
  t.plan(2);
  t.equal(add(1, 2), 3, 'small ones');
  t.deepEqual(add([1], [2]), [1, 2]);
});

test('groups', function (t) {
  var base = 40;
  t.test('with a base', function (st) {
    st.throws(function () { add(base); }, TypeError);
    st.end();
  });
  t.end();
});
"""
JEST = """import { area } from '../src/area';

describe('area', () => {
  let unit: number;
  beforeEach(() => {
    unit = 2;
  });
  it('is never negative', () => {
    const found = area(unit, -3 as number);
    expect(found).toBe(6);
    expect(() => area(NaN, 1)).toThrow(RangeError);
  });
  it.skip('is left out', () => {});
});
"""
PROJECT: Tree = {
    name: File(content=text.encode())
    for name, text in {
        "package.json": '{"name": "sums", "main": "lib/sums.js"}',
        "lib/sums.js": "exports.add = (a, b) => a + b;\n",
        "src/area.ts": "export const area = (a: number, b: number) => a * b;\n",
        "test/sums.js": TAPE,
        "tests/area.test.ts": JEST,
    }.items()
}


def excerpts(path: str, *titles: str) -> list[str]:
    suite = Suite(PROJECT[path].content.decode(), path)
    test = suite.named(titles)
    assert test is not None
    return list(dict.fromkeys(scripts(PROJECT, path, test, suite)))


def test_tests_are_found_by_their_ids_also_where_titles_are_made() -> None:
    suite = Suite(TEXTS[RANGE], RANGE)
    found = suite.by_id(RANGE, [*LABELS.fail_to_pass, *LABELS.pass_to_pass])
    numbers = {test.titles[-1]: len(ids) for test, ids in found.items()}
    assert numbers == {"`range ${range}`": 11, "'the best is the highest that fits'": 1}


def test_ids_that_two_tests_may_give_belong_to_none() -> None:
    text = "test('a', () => {});\ndescribe('x', () => { test('a', () => {}); });\n"
    suite = Suite(text, "t.js")
    assert list(suite.by_id("t.js", ["t.js > x::a"])) == [suite.tests[1]]
    assert Suite("test('a', () => {});\n" * 2, "t.js").by_id("t.js", ["t.js::a"]) == {}


@pytest.mark.parametrize("seed", range(4))
def test_altered_copies_look_like_the_test_and_one_keeps_its_name_by_lot(seed: int) -> None:
    made = plan(TEXTS, LABELS.fail_to_pass, LABELS.pass_to_pass, (), seed, "node")
    assert made.must_fail
    assert not made.must_fail & made.must_pass
    for path, text in made.modules.items():
        suite = Suite(text, path)
        names = [*made.must_fail, *made.must_pass]
        assert sum(map(len, suite.by_id(path, names).values())) == sum(
            name.startswith(path) for name in names
        )
    others = plan(TEXTS, LABELS.fail_to_pass, LABELS.pass_to_pass, (), seed + 4, "node")
    assert made.modules != others.modules


@pytest.mark.parametrize(
    ("claim", "altered"),
    [
        ("assert.strictEqual(add(1), 7);", r"add\(1\), \d"),
        ("assert.ok(add(1));", r"assert.ok\(!\(add\(1\)\)\)"),
        ("t.deepEqual(add(1), x);", r"notDeepEqual\(add\(1\), x\)|\{ is: x \}"),
        ("expect(add(1)).toBe('seven');", r"toBe\('[a-z]{5}'\)"),
        ("expect(add(1)).not.toThrow();", r"expect\(add\(1\)\).toThrow"),
        ("expect(add(1)).to.be.true;", r"expect\(add\(1\)\).not.to.be.true"),
        ("add(1).should.eql(x);", r"should.not.eql"),
        ("assert.throws(() => add(1));", r"assert.doesNotThrow"),
        ("for (const x of y) t.ok(x);", r"t.ok\(!\(x\)\)"),
        ("add(1);", r"if \('\w+'.length !== \d+\) throw new Error"),
    ],
)
def test_what_a_test_claims_is_turned_into_what_cannot_be(claim: str, altered: str) -> None:
    text = f"test('adds', (t) => {{ {claim} }});\n"
    made = with_copies(text, Place("t.js", ("'adds'",)), 1, Random(3))
    assert made is not None
    assert made.altered
    assert re.search(altered, made.text)
    assert Suite(made.text, "t.js").tests


def test_tests_that_count_their_claims_or_are_left_out_have_no_copies() -> None:
    nested = Place("t.js", ("'a'", "'b'"))
    text = "test('a', (t) => {\n  t.plan(1);\n  t.test('b', (s) => { s.ok(1); });\n});\n"
    assert with_copies(text, nested, 1, Random(1)) is None
    skipped = "test('a', { skip: true }, (t) => { t.ok(1); });\n"
    assert with_copies(skipped, Place("t.js", ("'a'",)), 1, Random(1)) is None


def test_hidden_tests_are_cut_out_with_groups_that_would_be_empty() -> None:
    groups = "describe('a', () => { it('x', () => {}); });\nit('y', () => {});\n"
    tree = {"test/a.js": File(content=groups.encode()), **TREE}
    hidden = hide(tree, ["test/a.js"], ["test/a.js > a::x"])
    assert hidden.cut == {"test/a.js": "it('y', () => {});\n"}
    hidden = hide(TREE, [RANGE, VERSION], LABELS.fail_to_pass)
    assert hidden.removed == ()
    assert "range ${range}" not in str(hidden.cut[RANGE])
    assert "'order'" not in str(hidden.cut[VERSION])
    assert "'equal'" in str(hidden.cut[VERSION])


def test_a_file_whose_tests_all_show_the_bug_goes_unless_another_needs_it() -> None:
    files = {"test/a.js": "it('x', () => {});\n", "test/b.js": "const a = require('./a');\n"}
    tree: Tree = {path: File(content=text.encode()) for path, text in files.items()}
    assert hide({"test/a.js": tree["test/a.js"]}, ["test/a.js"], ["test/a.js::x"]).removed
    with pytest.raises(Rejected, match="tests_entangled"):
        hide(tree, ["test/a.js"], ["test/a.js::x"])


def test_scripts_hold_what_one_claim_needs_and_nothing_of_the_framework() -> None:
    assert excerpts("test/sums.js", "'adds'") == [
        "var add = require('./lib/sums.js').add;\nconsole.log(add(1, 2));\n",
        "var add = require('./lib/sums.js').add;\nconsole.log(add([1], [2]));\n",
        "var add = require('./lib/sums.js').add;\nadd(1, 2);\nconsole.log(add([1], [2]));\n",
    ]
    (nested,) = excerpts("test/sums.js", "'groups'", "'with a base'")
    assert "var base = 40;\nconsole.log(add(base));" in nested
    assert not {"t", "st", "test", "tape"} & set(nested.replace("(", " ").split())


def test_types_groups_and_hooks_are_unfolded() -> None:
    first, second, *_ = excerpts("tests/area.test.ts", "'area'", "'is never negative'")
    assert first.splitlines()[0] == "import { area } from './src/area.js';"
    assert "let unit;\nunit = 2;\nconst found = area(unit, -3);\nconsole.log(found);" in first
    assert "console.log(area(NaN, 1));" in second


def test_smaller_scripts_lose_one_thing_and_say_the_rest_more_directly() -> None:
    text = "const { f } = require('m');\nconst x = [1, 2, 3];\nfor (const y of [4]) console.log(f(x, y));\n"
    made = smaller(text)
    assert "const { f } = require('m');\nconst x = [1, 2, 3];\nconsole.log(f(x, 4));\n" in made
    assert (
        "const { f } = require('m');\nfor (const y of [4]) console.log(f([1, 2, 3], y));\n" in made
    )
    assert any("[1]" in one for one in made)
    loop = "const x = [7, 8];\nfor (let i = 1; i < 2; i++) {\n  console.log(x[i - 1]);\n}\n"
    assert "const x = [7, 8];\nconsole.log(x[0]);\n" in smaller(loop)
    assert "console.log(7);\n" in smaller("const x = [7, 8];\nconsole.log(x[0]);\n")


def test_what_is_not_used_goes_and_lines_are_laid_out() -> None:
    text = "'use strict';\n// why\nconst { a, b } = require('m');\nconst c = 1;\nif (b) {\nconsole.log(b);\n}\n"
    assert laid_out(needed(text)) == (
        "const { b } = require('m');\n\nif (b) {\n  console.log(b);\n}\n"
    )
    assert "run()" in needed("const c = run();\nconsole.log(1);\n")


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("[ 'a', 2, -1.5, true ]", ["a", 2, -1.5, True]),
        ("{ a: { b: null }, 'c d': [] }", {"a": {"b": None}, "c d": []}),
        ("Infinity", float("inf")),
    ],
)
def test_what_node_prints_is_read(printed: str, value: object) -> None:
    assert reading.value(printed) == value


@pytest.mark.parametrize(
    "printed", ["[Function: f]", "a text", "'a'", "[ 1, 2", "Map(1) { 1 => 2 }"]
)
def test_what_is_no_literal_is_none(printed: str) -> None:
    with pytest.raises(ValueError, match="literal|text"):
        reading.value(printed)


def test_the_call_and_the_expression_of_a_script_are_told() -> None:
    script = "const m = require('m');\nconsole.log(m.parse('a').tag);\n"
    assert reading.call(script) == ("m.parse", ())
    assert reading.expression(script) == "m.parse('a').tag"
    assert reading.call("import { A } from 'm';\nconsole.log(new A(1));\n") == ("A", ())
    assert reading.expression("const x = 1;\nconsole.log(x);\n") == ""


def test_variations_exchange_literals_but_no_names_of_modules() -> None:
    script = "const { f } = require('spans');\nconsole.log(f('hours', 345));\n"
    made = variations(script, Random(5), 3)
    assert made
    for variation in made:
        assert variation.script.startswith("const { f } = require('spans');\n")
        assert variation.script != script


def test_the_audit_names_what_no_fix_in_javascript_needs() -> None:
    before = {"lib/a.js": "module.exports = 1;\n"}
    after = {
        "lib/a.js": "const c = require('child_process');\nif (process.argv[1]) process.exit(0);\n"
    }
    found = set(audit.brought(dict(before), dict(after), {}))
    assert {"'child_process'", "process.argv", "process.exit"} <= found
    words = "// We describe how to process a test, see '/tmp/x' and process.exit.\nmodule.exports = 1;\n"
    assert audit.brought(dict(before), {"lib/a.js": words}, {}) == ()
    mild = {"lib/a.js": "const fs = require('fs');\nmodule.exports = 1;\n"}
    assert audit.brought(dict(before), dict(mild), {})
    assert audit.brought(dict(before), dict(mild), {"lib/b.js": "require('fs')"}) == ()
