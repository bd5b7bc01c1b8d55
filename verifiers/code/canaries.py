"""Canaries: tests among the hidden ones whose end we know, some of which must fail.

A canary is a copy of a real test, in its module, under a name like those around it. Most are
altered in one place that a passing test surely reaches, so that they must fail wherever the
original passes: another literal to compare with, or the opposite claim. Others are left as they
are and must pass. By the toss of a coin copy and original change names. Code that turns failures
into passes, or objects that equal everything, make a canary pass that must fail; to tell it from
the real test takes knowing what is right. Which canaries there are follows from a secret seed.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from envs.code.junit import test_id
from verifiers.code.alteration import altered

MAX_OF_FIXED, MAX_OF_OTHERS, MAX_PLAIN = 8, 6, 3
"""Test functions with an altered copy: of those that showed the bug, of others; and plain copies."""
_WORDS = ("again", "more", "basic", "simple", "mixed", "plain", "other", "nested", "empty", "short")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """A test function."""

    module: str
    """Path of its module."""
    names: tuple[str, ...]
    """Its classes, outermost first, and its own name."""

    @property
    def text(self) -> str:
        return "::".join((self.module, *self.names))


class Plan(NamedTuple):
    """What to run in place of the hidden tests, and how each has to end."""

    modules: dict[str, str]
    """New texts of test modules, by path."""
    must_pass: frozenset[str]
    must_fail: frozenset[str]
    origins: dict[str, str]
    """The id that a hidden test has in this run, by its own; those not named keep theirs."""
    copies: dict[str, str]
    """Id of each canary to the place that it was copied from."""


def plan(
    texts: Mapping[str, str],
    fixed: Sequence[str],
    others: Sequence[str],
    unsuited: Iterable[str],
    seed: int,
) -> Plan:
    """Canaries for the test modules `texts`.

    `fixed` and `others` are ids of tests that must pass; `unsuited` are texts of places.
    """
    rng = Random(seed)
    refused = set(unsuited)
    ids = _by_place(texts, [*fixed, *others])
    of_fixed = _by_place(texts, fixed)
    suited = [place for place in ids if place.text not in refused]
    rng.shuffle(suited)
    first = [place for place in suited if place in of_fixed][:MAX_OF_FIXED]
    second = [place for place in suited if place not in of_fixed][:MAX_OF_OTHERS]
    rest = [place for place in suited if place not in {*first, *second}][:MAX_PLAIN]
    wanted = [*((place, True) for place in (*first, *second)), *((place, False) for place in rest)]
    return _built(texts, ids, wanted, rng, frozenset((*fixed, *others)))


def _built(
    texts: Mapping[str, str],
    ids: Mapping[Place, list[str]],
    wanted: list[tuple[Place, bool]],
    rng: Random,
    real: frozenset[str],
) -> Plan:
    modules: dict[str, str] = {}
    must_fail: set[str] = set()
    must_pass = set(real)
    origins: dict[str, str] = {}
    copies: dict[str, str] = {}
    for place, alter in wanted:
        text = modules.get(place.module, texts[place.module])
        made = _with_copy(text, place, alter, rng)
        if made is None:
            continue
        modules[place.module] = made.text
        for old in ids[place]:
            own, copy = origins.get(old, old), _renamed(place, old, made.name)
            copies[copy] = place.text
            if made.swapped:
                # The test itself has the new name now, and the canary the old one.
                must_pass.discard(own)
                must_pass.add(copy)
                origins[old], copies[own] = copy, copies.pop(copy)
                own, copy = copy, own
            (must_fail if alter else must_pass).add(copy)
    return Plan(modules, frozenset(must_pass), frozenset(must_fail), origins, copies)


class _Copied(NamedTuple):
    text: str
    name: str
    """The new name; of the test itself if `swapped`, else of the canary."""
    swapped: bool


def _with_copy(text: str, place: Place, alter: bool, rng: Random) -> _Copied | None:
    """`text` with a second function beside the one at `place`; None if there can be none."""
    function = _find(text, place.names)
    if function is None or not _fit(function):
        return None
    lines = text.split("\n")
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)]) - 1
    last = function.end_lineno or function.lineno
    source = "\n".join(lines[first:last])
    body = altered(source, function, first, rng) if alter else source
    if body is None:
        return None
    name = _fresh(text, place.names[-1], rng)
    swapped = rng.random() < 0.5
    pair = [source, body]
    renamed = 0 if swapped else 1
    pair[renamed] = _with_name(pair[renamed], place.names[-1], name)
    if rng.random() < 0.5:
        pair.reverse()
    lines[first:last] = ["\n\n".join(pair)]
    return _Copied("\n".join(lines), name, swapped)


def _find(text: str, names: Sequence[str]) -> _Function | None:
    """The function; None if it is not there, or there more than once."""
    try:
        scope: Sequence[ast.stmt] = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    for at, name in enumerate(names):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef) if at == len(names) - 1 else ast.ClassDef
        found = [node for node in scope if isinstance(node, kinds) and node.name == name]
        if len(found) != 1:
            return None
        if isinstance(found[0], ast.FunctionDef | ast.AsyncFunctionDef):
            return found[0]
        scope = found[0].body
    return None


def _fit(function: _Function) -> bool:
    """Whether a copy would be judged as the test is: not expected to fail, nor drawn at random."""
    decorators = " ".join(ast.dump(d) for d in function.decorator_list)
    return not re.search(r"xfail|expectedFailure|'given'|'skip|dependency|'order'", decorators)


def _with_name(source: str, old: str, new: str) -> str:
    return re.sub(rf"(\bdef\s+){re.escape(old)}(?=\s*\()", rf"\g<1>{new}", source, count=1)


def _fresh(text: str, name: str, rng: Random) -> str:
    """A name that is nowhere in the module, made of words of its tests."""
    words = sorted({w for n in re.findall(r"def test_(\w+)", text) for w in n.split("_") if w})
    words = [word for word in words if word.isalpha() and 2 < len(word) < 12] or list(_WORDS)
    for _ in range(100):
        found = f"{name}_{rng.choice(words)}"
        if found not in text:
            return found
    return f"{name}_{rng.randrange(10, 10_000)}"


def _by_place(texts: Mapping[str, str], ids: Iterable[str]) -> dict[Place, list[str]]:
    """Ids by the function that they come from, in order; ids of no function here are left out."""
    modules = {path.removesuffix(".py").replace("/", "."): path for path in texts}
    found: dict[Place, list[str]] = {}
    for name in ids:
        place = _place(modules, name)
        if place is not None:
            found.setdefault(place, []).append(name)
    return found


def _place(modules: Mapping[str, str], name: str) -> Place | None:
    dotted, _, test = name.partition("::")
    for end in _prefixes(dotted):
        if end in modules:
            classes = dotted[len(end) :].strip(".").split(".") if len(dotted) > len(end) else []
            return Place(modules[end], (*classes, test.partition("[")[0]))
    return None


def _prefixes(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]


def _renamed(place: Place, name: str, function: str) -> str:
    """The id of a test after its function was renamed."""
    dotted, _, test = name.partition("::")
    return test_id(dotted, function + test[len(place.names[-1]) :])
