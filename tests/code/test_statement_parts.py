"""Scripts are cut, shrunk and styled without changing what they show; records turn into complaints."""

import ast
import contextlib
import io
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from data.hashing import derive_rng
from data.task import Language, Source
from envs.code.spec import Origin, Toolchain
from synth.code.bug import Bug, Labels, Story
from synth.code.statement.author import Statement, write
from synth.code.statement.evidence import Evidence, Outcome, Reproduction
from synth.code.statement.inside import style, workers
from synth.code.statement.inside.asserts import Shower
from synth.code.statement.inside.bench import chosen_scripts
from synth.code.statement.inside.shrink import Pair, smallest
from synth.code.statement.inside.workers import Outcome as Ran
from synth.code.statement.inside.workers import Worker
from synth.code.statement.records import borne_out, facts
from synth.code.statement.symptom import Sort, symptom


def _ran(script: str, wrong: bool) -> Ran:
    """Runs a script; on the wrong side `sorted` gives the reverse."""
    out = io.StringIO()
    names = {"sorted": (lambda items: sorted(items, reverse=True)) if wrong else sorted}
    try:
        with contextlib.redirect_stdout(out):
            exec(script, names)
    except Exception as error:  # noqa: BLE001 - a script that was cut too far may raise anything
        return Ran(out.getvalue(), type(error).__name__, str(error))
    return Ran(out.getvalue())


def _evaluate(scripts: Sequence[str], *, together: bool = False) -> list[Pair]:
    return [Pair(script, _ran(script, False), _ran(script, True)) for script in scripts]


def test_shrinking_keeps_the_difference_and_drops_the_rest() -> None:
    script = (
        "noise = [1, 2, 3]\nnames = ['cherry', 'apple', 'banana', 'damson']\n"
        "for n in noise:\n    n += 1\nresult = sorted(names)\nprint(result)"
    )
    [start] = _evaluate([script])
    best, _ = smallest(start, _evaluate, 200)
    assert best.differs
    assert "noise" not in best.script
    assert best.script.count("'") == 4, "two items are enough for an order"


def test_shrinking_never_trades_one_symptom_for_another() -> None:
    script = "items = ['b', 'a']\nprint(sorted(items)[1])"
    [start] = _evaluate([script])
    best, seen = smallest(start, _evaluate, 200)
    assert not best.fixed.error
    assert not best.buggy.error
    assert any(pair.fixed.error for pair in seen), "some cuts do break the script"


def test_shrinking_stops_at_its_budget() -> None:
    script = f"print(sorted({list(range(100))}))"
    [start] = _evaluate([script])
    _, seen = smallest(start, _evaluate, 20)
    assert len(seen) <= 26


@pytest.mark.parametrize(
    "script",
    [
        "import os.path\nimport json\nprint(os.path.join('a', 'b'))",
        "import json\njson_text = json.dumps({'a': 'it\\'s'})\nprint(json_text)",
        "print('one\\ntwo\\n  three\\n')",
        "print('tab\\there\\nback\\\\slash\\nend')",
        "def f(x):\n    'Doc.'\n    return x\nprint(f('\"'), f(\"'\"))",
        "print(f'{1 + 1} {\"x\"}')",
    ],
)
def test_styled_scripts_do_the_same(script: str) -> None:
    assert _ran(style.written(script), False) == _ran(script, False)


def test_an_error_that_a_test_looks_at_in_a_handler_ends_the_script() -> None:
    lines = "try:\n    found = first(1)\n    second(found)\nexcept KeyError as e:\n    assert str(e) == 'x'"
    shower = Shower(line=5, other=False)
    shown = ast.Module(shower.block(ast.parse(lines).body), type_ignores=[])
    assert shower.done
    assert ast.unparse(shown) == "found = first(1)\nprint(second(found))"


def test_each_place_of_a_bug_is_shown_and_one_symptom_once() -> None:
    right, wrong = Ran("1\n"), Ran("2\n")
    candidates = {
        name: Pair(f"import words\nprint(words.count({text!r}))", right, wrong)
        for name, text in {"short": "a", "longer": "a b", "longest": "a b c"}.items()
    }
    shown = [pair for pair, _, _ in chosen_scripts(candidates, [])]
    assert shown == [candidates["short"]]
    shown = [pair for pair, _, _ in chosen_scripts(candidates, [["short"], ["short", "longest"]])]
    assert shown == [candidates["short"], candidates["longest"]]


def test_an_error_reads_as_the_interpreter_shows_it(tmp_path: Path) -> None:
    script = "import json\nprint(1)\njson.dump_s({})\n"
    module = tmp_path.joinpath("engine", *workers.__name__.split(".")).with_suffix(".py")
    module.parent.mkdir(parents=True)
    shutil.copy(workers.__file__, module)
    worker = Worker([str(tmp_path)], ["json"], str(tmp_path / "engine"))
    try:
        worker.ask([script, "print(2)"], together=True)
        first, second = worker.answer()
    finally:
        worker.close()
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert f"{first.error}: {first.message}" == done.stderr.splitlines()[-1]
    assert (first.out, first.lines, second.out) == ("1\n", (3,), "2\n")


def test_style_drops_imports_that_nothing_needs() -> None:
    assert "json" not in style.written("import json\nprint(1)")


def _seen(fixed: Outcome, buggy: Outcome) -> Reproduction:
    script = "import words\n\nprint(words.split('a b', keep=True))\n"
    ast.parse(script)
    return Reproduction(script=script, fixed=fixed, buggy=buggy)


@pytest.mark.parametrize(
    ("good", "bad", "sort", "item"),
    [
        ("[1, 2, 3]\n", "[1, 2]\n", Sort.MISSING, "3"),
        ("{'a': 1}\n", "{'a': 1, 'b': 2}\n", Sort.EXTRA, "'b'"),
        ("{'a': {'b': 1}}\n", "{'a': {'b': 2}}\n", Sort.ENTRY, "'b'"),
        ("[1, 2]\n", "[2, 1]\n", Sort.ORDER, ""),
        ("True\n", "False\n", Sort.TRUTH, ""),
        ("3\n", "4\n", Sort.NUMBER, ""),
        ("[1]\n", "None\n", Sort.NOTHING, ""),
        ("[1]\n", "(1,)\n", Sort.TYPE, "list"),
        ("a  b\n", "a b\n", Sort.SPACE, ""),
        ("Abc\n", "ABC\n", Sort.CASE, ""),
        ("<a href='x'>\n", "<a hre='x'>\n", Sort.TEXT, "href"),
    ],
)
def test_symptoms_are_told_apart(good: str, bad: str, sort: Sort, item: str) -> None:
    found = symptom(_seen(Outcome(out=good), Outcome(out=bad)))
    assert (found.sort, found.item) == (sort, item)
    assert (found.call, found.options) == ("words.split", ("keep=True",))


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (
            "* Fixed a bug where trailing commas were dropped (#123).",
            "Trailing commas were dropped.",
        ),
        (
            "- Fix crash when the file is empty [#9](https://x.org/9)",
            "There is a crash when the file is empty.",
        ),
        (
            "Fix `KeyError` when no section is given",
            "A `KeyError` is raised when no section is given.",
        ),
        ("Fix parsing of nested quotes, thanks to Ada", "Parsing of nested quotes is not right."),
    ],
)
def test_records_turn_into_complaints(entry: str, complaint: str) -> None:
    assert list(facts(Story(sort="release", text=entry))) == [complaint]


def test_records_that_say_how_it_was_mended_stay_unsaid() -> None:
    for entry in ("Use a deque in Parser._feed", "Refactor the lexer", "Bump version"):
        assert not list(facts(Story(sort="release", text=entry)))


def test_a_complaint_needs_a_reproduction_that_shows_it() -> None:
    wrong = _seen(Outcome(out="[1]\n"), Outcome(out="[]\n"))
    assert not borne_out("There is a crash when words are split.", Sort.VALUE, wrong)
    assert borne_out("Splitting of words is not right.", Sort.VALUE, wrong)
    assert not borne_out("Encoding of mails is not right.", Sort.VALUE, wrong)


@pytest.mark.parametrize("language", list(Language))
def test_a_script_that_prints_nothing_is_told_without_an_empty_block(language: Language) -> None:
    origin = Origin(source="sdist", project="purse", version="1.0", archive="a", sha256="0" * 64)
    bug = Bug(
        origin=origin,
        tree_sha256="0" * 64,
        toolchain=Toolchain(command="python -m pytest"),
        sources=("purse.py",),
        removed=(),
        buggy={"purse.py": "def add(one, other):\n    return one\n"},
        gold={"purse.py": "def add(one, other):\n    check(one, other)\n    return one\n"},
        tests={},
        modules=("test_purse.py",),
        story=Story(sort="injected"),
        licence=Source(name="purse", version="1.0", licence="MIT", sha256="0" * 64),
    )
    raised = Outcome(out="", error="ValueError", message="not the same currency")
    shown = Reproduction(
        script='import purse\n\npurse.add("1 EUR", "2 USD")\n', fixed=raised, buggy=Outcome(out="")
    )
    labels = Labels(fail_to_pass=("test_purse::test_it",))
    for seed in range(30):
        rng = derive_rng(seed, "silent")
        told = write(bug, labels, Evidence(reproductions=(shown,)), language, rng)
        assert isinstance(told, Statement)
        assert "```\n\n```" not in told.body
        assert ("no error" if language is Language.EN else "没有报错") in told.body
