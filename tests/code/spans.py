"""A small project with a bug, its tests, and the task that comes of it: for the tests of grading.

`spans` reads and writes lengths of time ("1h 30m"). The bug: only the smallest unit is shown.
"""

from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    Language,
    Provenance,
    Script,
    Source,
    Split,
    Task,
    TaskBody,
    TaskKind,
)
from data.trajectory import StopReason, Trajectory
from envs.code.spec import CodeLimits, Files, Origin, Parameters, Toolchain
from envs.code.tree import File, tree_hash
from synth.code.bug import Bug, Labels, Story
from verifiers.code.spec import CodeSpec, Probe

UNITS = '''"""Units of time, by their letter."""

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class SpanError(ValueError):
    """A text that is no length of time."""


def to_seconds(number: str, unit: str) -> int:
    if unit not in SECONDS:
        raise SpanError(f"no unit {unit!r}")
    return int(number) * SECONDS[unit]


def split(seconds: int) -> list[tuple[int, str]]:
    """Counts by unit, the largest first, without those that are 0."""
    found = []
    for unit, size in SECONDS.items():
        count, seconds = divmod(seconds, size)
        if count:
            found.append((count, unit))
    return found
'''
FORM = '''"""Reading and writing lengths of time."""

import re

from spans.units import SpanError, split, to_seconds

_PART = re.compile(r"(\\d+)\\s*([a-z])")


def parse(text: str) -> int:
    """Seconds of a text such as "1h 30m"."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise SpanError(f"no length of time: {text!r}")
    return sum(to_seconds(number, unit) for number, unit in parts)


def show(seconds: int) -> str:
    """The shortest text of a length of time."""
    if seconds < 0:
        return "-" + show(-seconds)
    return " ".join(f"{count}{unit}" for count, unit in split(seconds)) or "0s"
'''
TEST_FORM = """import pytest
from spans import SpanError, parse, show


def test_minutes_become_hours():
    assert show(5400) == "1h 30m"


def test_hours_become_days():
    text = show(90000)
    assert text == "1d 1h"


@pytest.mark.parametrize("text, shown", [("61s", "1m 1s"), ("25h", "1d 1h"), ("3601s", "1h 1s")])
def test_texts_are_made_short(text, shown):
    assert show(parse(text)) == shown


def test_seconds_stay(small):
    assert show(small) == "59s"


def test_nothing_is_zero_seconds():
    assert show(0) == "0s"


def test_parse_adds_up():
    assert parse("1h 30m") == 5400


def test_other_text_is_refused():
    with pytest.raises(SpanError):
        parse("one hour")
"""
TEST_UNITS = """import unittest

from spans.form import show
from spans.units import SpanError, split, to_seconds


class TestUnits(unittest.TestCase):
    def test_a_day(self):
        self.assertEqual(to_seconds("1", "d"), 86400)

    def test_unknown(self):
        self.assertRaises(SpanError, to_seconds, "1", "y")

    def test_split_is_in_order(self):
        self.assertEqual([unit for _, unit in split(90061)], ["d", "h", "m", "s"])

    def test_show(self):
        self.assertEqual(show(90061), "1d 1h 1m 1s")

    def test_split_of_small(self):
        self.assertTrue(split(5))
"""
TREE = {
    name: File(content=text.encode())
    for name, text in {
        "PKG-INFO": "Metadata-Version: 2.1\nName: spans\nVersion: 1.0\n",
        "pyproject.toml": '[project]\nname = "spans"\n[tool.pytest.ini_options]\naddopts = "-ra"\n',
        "src/spans/__init__.py": "from spans.form import parse, show\n"
        "from spans.units import SpanError\n\n__all__ = ['SpanError', 'parse', 'show']\n",
        "src/spans/form.py": FORM,
        "src/spans/units.py": UNITS,
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef small():\n    return 59\n",
        "tests/test_form.py": TEST_FORM,
        "tests/test_units.py": TEST_UNITS,
    }.items()
}
"""The fixed tree."""
BROKEN = "src/spans/form.py"
BUGGY = FORM.replace("in split(seconds))", "in split(seconds)[-1:])")
LICENCE = Source(name="spans", version="1.0", licence="MIT", sha256="0" * 64)
TOOLCHAIN = Toolchain(root="src", command="pytest")
ORIGIN = Origin(
    source="sdist", project="spans", version="1.0", archive="spans.tar", sha256="0" * 64
)
BUG = Bug(
    origin=ORIGIN,
    tree_sha256=tree_hash(TREE),
    toolchain=TOOLCHAIN,
    sources=("src/spans/__init__.py", BROKEN, "src/spans/units.py", "src/spans/"),
    removed=(),
    buggy={BROKEN: BUGGY},
    gold={BROKEN: FORM},
    tests={},
    modules=("tests/test_form.py", "tests/test_units.py"),
    story=Story(sort="injected"),
    licence=LICENCE,
)
LABELS = Labels(
    fail_to_pass=(
        "tests.test_form::test_minutes_become_hours",
        "tests.test_form::test_hours_become_days",
        "tests.test_form::test_texts_are_made_short[61s-1m 1s]",
        "tests.test_form::test_texts_are_made_short[25h-1d 1h]",
        "tests.test_form::test_texts_are_made_short[3601s-1h 1s]",
        "tests.test_units.TestUnits::test_show",
    ),
    pass_to_pass=(
        "tests.test_form::test_seconds_stay",
        "tests.test_form::test_nothing_is_zero_seconds",
        "tests.test_form::test_parse_adds_up",
        "tests.test_form::test_other_text_is_refused",
        "tests.test_units.TestUnits::test_a_day",
        "tests.test_units.TestUnits::test_unknown",
        "tests.test_units.TestUnits::test_split_is_in_order",
        "tests.test_units.TestUnits::test_split_of_small",
    ),
)
SCRIPT = "import spans\nprint(repr(spans.show(5400)))\n"
PROBES = (
    Probe(script=SCRIPT, expected="'1h 30m'\n"),
    Probe(script=SCRIPT.replace("5400", "7261"), expected="'2h 1m 1s'\n"),
)
SPEC = CodeSpec(
    modules=BUG.modules,
    fail_to_pass=LABELS.fail_to_pass,
    pass_to_pass=LABELS.pass_to_pass,
    probes=PROBES,
    seed=20260314,
)
PARAMETERS = Parameters(
    origin=ORIGIN,
    tree_sha256=BUG.tree_sha256,
    toolchain=TOOLCHAIN,
    sources=BUG.sources,
    overlay=BUG.buggy,
    limits=CodeLimits(tests_s=30.0),
)
PROVENANCE = Provenance(
    author=Author.PROGRAM,
    generator="code",
    generator_version="1",
    seed=0,
    index=0,
    options={},
    sources=(LICENCE,),
)


def task(spec: CodeSpec = SPEC, parameters: Parameters = PARAMETERS) -> Task:
    hidden = Hidden(
        verifier=spec.model_dump(mode="json"),
        reference=None,
        witness=Script(calls=(), answer=""),
        proof={},
    )
    body = TaskBody(
        kind=TaskKind.GENERAL,
        language=Language.EN,
        split=Split.TRAIN,
        prompt=(),
        tools=(),
        env=EnvSpec(name="code", version="1", parameters=parameters.model_dump(mode="json")),
        hidden=hidden,
        difficulty=Difficulty(level=1, measures={}),
        provenance=PROVENANCE,
        licence="MIT",
        fingerprint="spans",
    )
    return Task.of(body)


def attempt(files: Files, answer: str = "Done.") -> Trajectory:
    return Trajectory(
        task_id="spans", turns=(), answer=answer, stop=StopReason.ANSWERED, state={"files": files}
    )
