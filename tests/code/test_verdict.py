"""Verdicts on code attempts: right fixes score 1, everything else 0, and faults are never scored."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from data.errors import EnvironmentFault, TaskError
from data.task import Task
from data.trajectory import Verdict
from envs.code import service
from envs.code.runs import Run, RunRequest, run_many
from envs.code.spec import CodeLimits, Files
from tests.code.spans import (
    BROKEN,
    BUGGY,
    FORM,
    LABELS,
    PARAMETERS,
    PROBES,
    SPEC,
    TEST_FORM,
    TREE,
    UNITS,
    attempt,
    task,
)
from verifiers.code import verdict
from verifiers.code.calibration import calibrated
from verifiers.code.spec import Probe
from verifiers.code.verdict import verify

REMARK = "# Issue 7.\n"
ALTERNATIVES: dict[str, Files] = {
    "gold": {BROKEN: FORM},
    "gold and a comment": {BROKEN: FORM + REMARK},
    "other white space": {BROKEN: FORM.replace("    ", "  ").replace("\n\n\n", "\n\n")},
    "a loop": {
        BROKEN: BUGGY.replace(
            'return " ".join(f"{count}{unit}" for count, unit in split(seconds)[-1:]) or "0s"',
            'words = []\n    for count, unit in split(seconds):\n        words.append(f"{count}{unit}")\n'
            '    if not words:\n        return "0s"\n    return " ".join(words)',
        )
    },
    "a module of its own": {
        BROKEN: FORM.replace("from spans.units", "from spans.words import joined\nfrom spans.units")
        .replace('" ".join(f"{count}{unit}" for count, unit in split(seconds))', "joined(seconds)"),
        "src/spans/words.py": "from spans.units import split\n\n\ndef joined(seconds):\n"
        '    return " ".join(f"{count}{unit}" for count, unit in split(seconds))\n',
    },
}  # fmt: skip
WRONG: dict[str, Files] = {
    "nothing": {},
    "a comment": {BROKEN: BUGGY + REMARK},
    "the bug again": {BROKEN: BUGGY},
    "the first unit": {BROKEN: BUGGY.replace("[-1:]", "[:1]")},
    "two units": {BROKEN: BUGGY.replace("[-1:]", "[:2]")},
    "another separator": {BROKEN: FORM.replace('" ".join', '", ".join')},
    "a regression elsewhere": {
        BROKEN: FORM,
        "src/spans/units.py": UNITS.replace("int(number)", "float(number) + 1"),
    },
    "no zero": {BROKEN: FORM.replace(' or "0s"', "")},
    "no syntax": {BROKEN: FORM + "def ("},
    "tests only": {"tests/test_form.py": TEST_FORM + "\n\ndef test_it(): pass\n"},
}


@pytest.fixture(autouse=True)
def fresh(kept: Path) -> None:
    verdict._judged.cache_clear()


def failed(found: Verdict) -> str:
    return next((check.name for check in found.checks if not check.passed), "")


@pytest.mark.parametrize("files", list(ALTERNATIVES.values()), ids=list(ALTERNATIVES))
def test_right_fixes_score_1(files: Files) -> None:
    found = verify(task(), attempt(files))
    assert (found.score, failed(found)) == (1.0, "")


@pytest.mark.parametrize("files", list(WRONG.values()), ids=list(WRONG))
def test_everything_else_scores_0(files: Files) -> None:
    assert verify(task(), attempt(files)).score == 0.0


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "x"),
        ("src/spans/data.json", "{}"),
        ("src/other.py", "x = 1"),
        ("src/spans/../../x.py", "x = 1"),
        ("/etc/passwd", "x"),
        ("src/spans/units.py/x.py", "x = 1"),
        ("src/spans/a\nb.py", "x = 1"),
        ("src/spans/\ud800.py", "x = 1"),
        ("src/spans/new.py", "x = '\ud800'"),
        ("src/spans/new.py", "x" * (5 << 20)),
        ("src/spans/" + "long" * 100 + ".py", "x = 1"),
        ("src/spans/tests/conftest.py", "x = 1"),
    ],
)
def test_a_change_of_another_form_is_refused_before_anything_runs(path: str, text: str) -> None:
    state = attempt({BROKEN: FORM}).model_copy(
        update={"state": {"files": {BROKEN: FORM, path: text}}}
    )
    found = verify(task(), state)
    assert failed(found) == "change"
    assert found.checks[0].detail


def test_verdicts_repeat_and_one_state_is_graded_once() -> None:
    first = verify(task(), attempt({BROKEN: FORM}))
    before = verdict._judged.cache_info().misses
    assert verify(task(), attempt({BROKEN: FORM}, answer="Something else.")) == first
    assert verdict._judged.cache_info().misses == before
    verdict._judged.cache_clear()
    assert verify(task(), attempt({BROKEN: FORM})) == first


def test_what_fails_where_the_bug_shows_ends_before_the_whole_suite_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def counting(requests: Sequence[RunRequest]) -> list[Run]:
        asked.extend(len(request.ids or ()) for request in requests)
        return run_many(requests)

    monkeypatch.setattr(verdict, "run_many", counting)
    monkeypatch.setattr(verdict, "SMALL_SHARE", 2.0)
    assert failed(verify(task(), attempt({BROKEN: BUGGY + "# Issue 9.\n"}))) == "tests"
    few = asked[:]
    assert verify(task(), attempt({BROKEN: FORM + "# Issue 9.\n"})).score
    assert len(few) == 1
    assert few[0] < max(asked)


def test_any_seed_of_canaries_lets_the_fix_pass() -> None:
    for seed in range(3):
        assert verify(task(SPEC.model_copy(update={"seed": seed})), attempt({BROKEN: FORM})).score


def test_no_detail_names_what_is_hidden() -> None:
    hidden = [name.partition("::")[2] for name in (*LABELS.fail_to_pass, *LABELS.pass_to_pass)]
    hidden += [probe.expected.strip() for probe in PROBES]
    for files in WRONG.values():
        for check in verify(task(), attempt(files)).checks:
            assert not [name for name in hidden if name in check.detail]


def test_probes_catch_what_the_tests_let_pass() -> None:
    spec = SPEC.model_copy(update={"fail_to_pass": LABELS.fail_to_pass[:1], "pass_to_pass": ()})
    special = BUGGY.replace(
        "    if seconds < 0", '    if seconds == 5400:\n        return "1h 30m"\n    if seconds < 0'
    )
    assert failed(verify(task(spec), attempt({BROKEN: special}))) == "probes"
    assert verify(
        task(spec.model_copy(update={"probes": PROBES[:1]})), attempt({BROKEN: special})
    ).score


def test_a_probe_that_ends_in_an_error_is_judged_by_its_kind_and_message() -> None:
    script = "import spans\nspans.parse('?')\n"
    right = "spans.units.SpanError: no length of time: '?'\n"
    for expected, score in ((right, 1.0), (right.replace("?", "!"), 0.0), ("", 0.0)):
        spec = SPEC.model_copy(update={"probes": (Probe(script=script, expected=expected),)})
        assert verify(task(spec), attempt({BROKEN: FORM})).score == score


def test_a_lost_sandbox_is_a_fault_and_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    service.close()
    with monkeypatch.context() as broken:
        broken.setenv("PALAESTRA_SANDBOX", "nowhere")
        with pytest.raises(EnvironmentFault):
            verify(task(), attempt({BROKEN: FORM}))
    service.close()
    assert verify(task(), attempt({BROKEN: FORM})).score == 1.0


def test_a_machine_too_slow_for_the_unchanged_tree_is_a_fault() -> None:
    limits = CodeLimits(tests_s=0.001)
    slow = PARAMETERS.model_copy(update={"limits": limits})
    with pytest.raises(EnvironmentFault, match="too slow"):
        verify(task(parameters=slow), attempt({BROKEN: FORM}))


def test_a_tree_that_cannot_be_had_makes_the_task_invalid(kept: Path) -> None:
    from envs.code import trees

    trees._held = trees._Held(trees.MAX_HELD_BYTES)
    shutil.rmtree(kept)
    with pytest.raises(TaskError):
        verify(task(), attempt({BROKEN: FORM}))


def test_a_broken_specification_makes_the_task_invalid() -> None:
    whole = task()
    hidden = whole.hidden.model_copy(update={"verifier": {"modules": []}})
    broken: Task = whole.model_copy(update={"hidden": hidden})
    with pytest.raises(TaskError):
        verify(broken, attempt({BROKEN: FORM}))


def test_calibration_leaves_out_canaries_that_do_not_suit() -> None:
    """A test that looks at its own name fails under another."""
    own = (
        "\n\ndef test_own_name(request):\n    assert request.node.name == 'test_own_name'\n"
        "    assert show(5400) == '1h 30m'\n"
    )
    tests: Files = {"tests/test_form.py": TEST_FORM + own}
    name = "tests.test_form::test_own_name"
    update = {"tests": tests, "fail_to_pass": (*LABELS.fail_to_pass, name)}
    found = {
        seed: calibrated(
            SPEC.model_copy(update={**update, "seed": seed}), PARAMETERS, {BROKEN: FORM}
        )
        for seed in (1, 2)
    }
    for one in found.values():
        assert set(one.spec.unsuited) <= {"tests/test_form.py::test_own_name"}
        assert one.spec.allowed == ()
        assert verify(task(one.spec), attempt({BROKEN: FORM})).score == 1.0
    assert any(one.spec.unsuited for one in found.values())
    assert "tests/test_form.py" in TREE
