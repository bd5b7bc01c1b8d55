"""Statements show what was really run, read like an issue, and give nothing away."""

import hashlib
from functools import cache
from pathlib import Path
from random import Random

import pytest

from data.task import Language, Source
from envs.code.spec import Origin, Toolchain
from envs.code.tree import File, tree_hash
from envs.code.trees import keep_tree, laid_over
from synth.code.bug import Bug, Labels, Story
from synth.code.statement.author import Statement, check, write
from synth.code.statement.evidence import Evidence, gather
from synth.code.statement.leak import leaks

SOURCE = '''\
"""Small things about words."""


def initials(text, separator=""):
    """Return the first letter of every word in `text`, joined by `separator`."""
    return separator.join(word[0] for word in text.split())


def shorten(text, width, placeholder="..."):
    if width < len(placeholder):
        raise ValueError("width is too small for the placeholder")
    return text if len(text) <= width else text[: width - len(placeholder)] + placeholder


class Counter:
    def __init__(self):
        self.seen = {}

    def add(self, word):
        self.seen[word] = self.seen.get(word, 0) + 1
        return self

    @property
    def total(self):
        return sum(self.seen.values())
'''
TESTS = """\
import pytest
from words import Counter, initials, shorten


@pytest.fixture
def counter():
    found = Counter()
    found.add("tree")
    return found


class Loud(str):
    def split(self):
        return [word.upper() for word in super().split()]


@pytest.mark.parametrize("text, expected", [("red green blue", "r-g-b"), ("one", "o")])
def test_initials(text, expected):
    assert initials(text, separator="-") == expected


def test_initials_of_a_subclass():
    assert initials(Loud("red green")) == "RG"


def test_narrow():
    with pytest.raises(ValueError, match="too small"):
        shorten("some long text", 2)


def test_counter(counter):
    for word in ("tree", "leaf"):
        counter.add(word)
    assert counter.total == 3
    assert counter.seen == {"tree": 2, "leaf": 1}
"""
BUGS = {
    "wrong value": ("word[0] for word in text.split()", "word[0] for word in text.split()[1:]"),
    "missing error": ("    if width < len(placeholder):", "    if width < 0:"),
    "crash": ("self.seen.get(word, 0) + 1", "self.seen[word] + 1"),
    "wrong count": ("self.seen.get(word, 0) + 1", "1"),
}
FAILING = {
    "wrong value": ("initials[red green blue-r-g-b]", "initials[one-o]", "initials_of_a_subclass"),
    "missing error": ("narrow",),
    "crash": ("counter",),
    "wrong count": ("counter",),
}
TREE = {
    "words.py": File(content=SOURCE.encode()),
    "tests/test_words.py": File(content=TESTS.encode()),
}


def _bug(name: str) -> tuple[Bug, Labels]:
    old, new = BUGS[name]
    assert old in SOURCE
    bug = Bug(
        origin=Origin(
            source="sdist",
            project="words",
            version="1.4",
            archive="words-1.4.tar.gz",
            sha256=hashlib.sha256(b"words").hexdigest(),
        ),
        tree_sha256=tree_hash(TREE),
        toolchain=Toolchain(command="python -m pytest"),
        sources=("words.py",),
        removed=("tests/test_words.py",),
        buggy={"words.py": SOURCE.replace(old, new)},
        gold={"words.py": SOURCE},
        tests={},
        modules=("tests/test_words.py",),
        story=Story(sort="injected", operators=("drop_guard",)),
        licence=Source(name="words", version="1.4", licence="MIT", sha256="0" * 64),
    )
    return bug, Labels(
        fail_to_pass=tuple(f"tests.test_words::test_{test}" for test in FAILING[name])
    )


@cache
def _evidence(name: str) -> Evidence:
    bug, labels = _bug(name)
    found = gather(bug, labels.fail_to_pass, laid_over(TREE, bug.gold), laid_over(TREE, bug.buggy))
    assert isinstance(found, Evidence), found
    return found


def _written(name: str, language: Language, seed: int) -> Statement:
    bug, labels = _bug(name)
    found = write(bug, labels, _evidence(name), language, Random(seed))
    assert isinstance(found, Statement), found
    return found


@pytest.mark.parametrize("name", list(BUGS))
def test_reproductions_differ_between_the_trees_and_need_no_tests(name: str) -> None:
    for each in _evidence(name).reproductions:
        assert (each.fixed.out, each.fixed.last_line) != (each.buggy.out, each.buggy.last_line)
        assert "words" in each.script
        assert "test" not in each.script
        assert len(each.script.splitlines()) <= 8


def test_what_the_symptom_is_shows_in_the_outcomes() -> None:
    missing = _evidence("missing error").reproductions[0]
    assert missing.fixed.error == "ValueError"
    assert not missing.buggy.error
    crash = _evidence("crash").reproductions[0]
    assert crash.buggy.error == "KeyError"
    assert not crash.fixed.error


def test_a_fixture_and_a_loop_become_plain_lines() -> None:
    script = _evidence("wrong count").reproductions[0].script
    assert "for " not in script
    assert "Counter" in script


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(BUGS))
def test_a_statement_has_the_script_and_both_outcomes(name: str, language: Language) -> None:
    first = _evidence(name).reproductions[0]
    for seed in range(5):
        statement = _written(name, language, seed)
        assert first.script.strip() in statement.body
        assert "words 1.4" in statement.body
        for side in (first.fixed, first.buggy):
            for line in (side.last_line or side.out).splitlines():
                assert line in statement.body


def test_the_same_bug_is_told_in_many_ways_and_the_same_seed_in_one() -> None:
    texts = {_written("wrong value", Language.EN, seed).text for seed in range(100)}
    assert len(texts) == 100
    assert _written("crash", Language.ZH, 3) == _written("crash", Language.ZH, 3)


@pytest.mark.parametrize(
    "said",
    [
        "See tests/test_words.py for details.",
        "It fails in test_narrow.",
        "The bug is in words.py.",
        "I think a drop guard happened here.",
        "Use `placeholder` there.",
        "提示：改成 `width < len(placeholder)` 即可。",
        "The check should be `if width < len(placeholder):` again.",
        "Just compare with len(placeholder) instead of zero, i.e. width < len(placeholder)",
    ],
)
def test_a_text_that_names_tests_or_the_fix_leaks(said: str) -> None:
    bug, _ = _bug("missing error")
    assert leaks(said, bug)


def test_a_real_fix_is_compared_with_its_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path))
    injected, _ = _bug("missing error")
    origin = laid_over(TREE, injected.buggy)
    real = injected.model_copy(update={"buggy": {}, "tree_sha256": keep_tree(origin)})
    assert leaks("It lacks `if width < len(placeholder)`.", real)
    assert not leaks("The width is not checked.", real)


def test_an_llm_may_rephrase_but_not_give_away_or_leave_out() -> None:
    bug, _ = _bug("missing error")
    evidence = _evidence("missing error")
    plain = _written("missing error", Language.EN, 1)
    assert check(plain, bug, evidence) == ()
    telling = plain.model_copy(
        update={"body": plain.body + "\nIt should compare `width < len(placeholder)`."}
    )
    assert any(problem.startswith("leak") for problem in check(telling, bug, evidence))
    vague = plain.model_copy(update={"body": "It is broken somehow."})
    assert any(problem.startswith("incomplete") for problem in check(vague, bug, evidence))


def test_a_bug_that_no_script_shows_gives_no_statement() -> None:
    bug, labels = _bug("missing error")
    unknown = labels.model_copy(update={"fail_to_pass": ("tests.test_words::test_unknown",)})
    assert gather(bug, unknown.fail_to_pass, TREE, TREE) == "no_reproduction"
    assert write(bug, labels, "no_reproduction", Language.EN, Random(0)) == "no_reproduction"
