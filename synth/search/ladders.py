"""Plain clues about one entity, as ladders from sharp to vague.

Every rung is implied by the rung above it, so stepping down can only add answers. Windows have
round bounds that do not give the value away as their middle.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple
from weakref import WeakKeyDictionary

from data.sources.base import Relation, ValueKind
from synth.search.kb import KnowledgeBase
from synth.search.query import Category, Count, Exclude, Initials, Link, Node, Offset, Range, Step
from synth.search.sets import initials
from synth.search.sketch import Ladder

MIN_COUNT, MAX_COUNT = 2, 12
"""One of something is no count; counting more pages than this is a chore."""
YEAR_WIDTHS = (3, 4, 5, 8)
NUMBER_WIDTHS = (0.05, 0.12, 0.3)
MAX_EXACT = 400
"""Whole numbers up to here read well when stated exactly, e.g. runtimes and atomic numbers."""


def ladders(kb: KnowledgeBase, entity: str, type_: str, rng: Random) -> Iterator[Ladder]:
    """Every ladder that `entity` offers, in an order drawn from `rng`."""
    # Weighted order without replacement (Efraimidis and Spirakis, 2006).
    makers = sorted(
        _makers(kb, type_), key=lambda maker: math.log(rng.random()) / maker.weight, reverse=True
    )
    for maker in makers:
        ladder = maker.make(kb, entity, rng)
        if ladder:
            yield ladder


class _Maker(NamedTuple):
    make: Callable[[KnowledgeBase, str, Random], Ladder]
    weight: float
    """How readily a person would bring the topic up."""


_made: WeakKeyDictionary[KnowledgeBase, dict[str, tuple[_Maker, ...]]] = WeakKeyDictionary()


def _makers(kb: KnowledgeBase, type_: str) -> tuple[_Maker, ...]:
    """What may be said of entities of a type; worked out once, as it is asked for at every clue."""
    known = _made.setdefault(kb, {})
    if type_ not in known:
        known[type_] = tuple(_topics(kb, type_))
    return known[type_]


def _topics(kb: KnowledgeBase, type_: str) -> Iterator[_Maker]:
    literals = kb.literals_of.get(type_, ())
    numbers = sum(relation.value is ValueKind.NUMBER for relation in literals)
    weights = {ValueKind.YEAR: 3.0, ValueKind.CATEGORY: 2.0, ValueKind.NUMBER: 3.0 / (numbers or 1)}
    for relation in literals:
        if relation.value in weights:
            yield _Maker(partial(_literal, relation=relation), weights[relation.value])
    for step in kb.steps_from.get(type_, ()):
        yield _Maker(partial(_edge, step=step), 2.0 if _is_hub(kb, step) else 1.0)
        yield _Maker(partial(_count, step=step), 0.7)
    yield _Maker(_initials, 0.1)


class _Window(NamedTuple):
    """Both ends included; None is open."""

    lo: float | None
    hi: float | None


def _literal(kb: KnowledgeBase, entity: str, rng: Random, relation: Relation) -> Ladder:
    return tuple(_clue(relation, rung) for rung in _rungs(kb, entity, rng, relation))


def _clue(relation: Relation, rung: _Window | str) -> Range | Category:
    if isinstance(rung, str):
        return Category(relation=relation.name, value=rung)
    return Range(relation=relation.name, lo=rung.lo, hi=rung.hi)


def _rungs(
    kb: KnowledgeBase, entity: str, rng: Random, relation: Relation
) -> Sequence[_Window | str]:
    """What a literal's ladder says, before it is put into clues: most are never told."""
    values = kb.forward[relation.name].get(entity)
    if not values:
        return ()
    match relation.value:
        case ValueKind.YEAR if relation.functional:
            return _years(int(values[0]), rng)
        case ValueKind.NUMBER if relation.functional:
            return list(_numbers(kb, relation.name, float(values[0]), rng))
        case ValueKind.CATEGORY:
            return (str(rng.choice(values)),)
        case _:
            return ()


def _years(year: int, rng: Random) -> list[_Window]:
    """The year, a window of a few years, its decade or a wider window, an open side."""
    width = rng.choice(YEAR_WIDTHS)
    lo = year - rng.randrange(width)
    hi = lo + width - 1
    decade = year - year % 10
    wide = _Window(min(lo, decade), max(hi, decade + 9))
    side = _Window(wide.lo, None) if rng.random() < 0.5 else _Window(None, wide.hi)
    return [_Window(year, year), _Window(lo, hi), wide, side]


def _numbers(kb: KnowledgeBase, relation: str, value: float, rng: Random) -> Iterator[_Window]:
    """The number if it is small and whole, windows around it, an open side.

    A window that reaches the least or greatest value there is becomes open on that side.
    """
    if value == int(value) and 0 < value <= MAX_EXACT:
        yield _Window(value, value)
    if value <= 0:
        return
    least, most = kb.span(relation)
    lo, hi = value, value
    for width in NUMBER_WIDTHS:
        share = rng.uniform(0.15, 0.85)
        lo = min(lo, _round(value * (1 - width * share), math.floor))
        hi = max(hi, _round(value * (1 + width * (1 - share)), math.ceil))
        if least < lo < hi < most:
            yield _Window(lo, hi)
    upward = rng.random() < 0.5
    if (upward or hi >= most) and lo > least:
        yield _Window(lo, None)
    elif hi < most:
        yield _Window(None, hi)


def _round(value: float, to: Callable[[float], int]) -> float:
    """`value` to two significant digits, or to whole numbers below 100, in one direction."""
    digits = max(0, math.floor(math.log10(abs(value))) - 1) if abs(value) >= 1 else -2
    scale = 10.0**digits
    return round(to(round(value / scale, 9)) * scale, 6)


def _edge(kb: KnowledgeBase, entity: str, rng: Random, step: Step) -> Ladder:
    """A link to something described by one plain clue, e.g. acted in a film from the 1960s.

    Where the far end has no page-worthy name to search for (a country), naming it comes first.
    """
    near = kb.neighbours(entity, step)
    if not near:
        return ()
    other = rng.choice(near)
    far_type = kb.end_type(step)
    plain = [
        (relation, rungs[min(2, len(rungs) - 1)])
        for relation in kb.literals_of.get(far_type, ())
        if (rungs := _rungs(kb, other, rng, relation))
    ]
    links: list[Link] = []
    if _is_hub(kb, step):
        links.append(Link(steps=(step,), node=Node(type=far_type, constant=other)))
    if plain:
        described = Node(type=far_type, clues=(_clue(*rng.choice(plain)),))
        links.append(Link(steps=(step,), node=described))
    return tuple(links)


def _is_hub(kb: KnowledgeBase, step: Step) -> bool:
    """True for steps to a small closed type whose names work like categories (countries)."""
    return not step.inverse and len(kb.of_type[kb.end_type(step)]) <= 400


def _count(kb: KnowledgeBase, entity: str, rng: Random, step: Step) -> Ladder:
    near = kb.neighbours(entity, step)
    number = len(near)
    if not MIN_COUNT <= number <= MAX_COUNT:
        return ()
    node = Node(type=kb.end_type(step))
    exact = Count(step=step, node=node, lo=number, hi=number)
    if number == MIN_COUNT:
        return (exact, Count(step=step, node=node, lo=number, hi=number + 1))
    about = Count(step=step, node=node, lo=number - 1, hi=number + 1)
    return (exact, about, Count(step=step, node=node, lo=number - 1, hi=None))


def _initials(kb: KnowledgeBase, entity: str, rng: Random) -> Ladder:
    name = kb.entities[entity].name
    words = name.split(" ")
    proper = all(word[:1].isalpha() and word[:1].isupper() for word in words)
    # Only for entities about which nothing else is stated, as people; a film has better clues.
    if kb.literals_of.get(kb.entities[entity].type) or not proper or not 2 <= len(words) <= 3:
        return ()
    return (Initials(letters=initials(name)),)


def exclusions(
    kb: KnowledgeBase, entity: str, type_: str, rivals: frozenset[str], rng: Random
) -> Iterator[Ladder]:
    """Categories that some rival has and `entity`, of which some are known, has not."""
    for relation in kb.literals_of.get(type_, ()):
        mine = kb.forward[relation.name].get(entity)
        if relation.value is not ValueKind.CATEGORY or not mine:
            continue
        theirs = {v for rival in rivals for v in kb.forward[relation.name].get(rival, ())}
        others = sorted(str(value) for value in theirs.difference(mine))
        if others:
            yield (Exclude(clue=Category(relation=relation.name, value=rng.choice(others))),)


def offsets(
    kb: KnowledgeBase, entity: str, type_: str, anchor: str, rng: Random
) -> Iterator[Ladder]:
    """How a year or number of `entity` compares with that of the named entity `anchor`."""
    node = Node(type=type_, constant=anchor)
    for relation in kb.literals_of.get(type_, ()):
        if not relation.functional or relation.value not in (ValueKind.YEAR, ValueKind.NUMBER):
            continue
        mine, theirs = kb.value(entity, relation.name), kb.value(anchor, relation.name)
        if mine is None or theirs is None:
            continue
        gap = round(float(mine) - float(theirs), 6)
        name = relation.name
        rungs = []
        if relation.value is ValueKind.YEAR and abs(gap) <= 9:
            rungs.append(Offset(relation=name, other=name, lo=gap, hi=gap, node=node))
        side = (1.0, None) if gap > 0 else (None, -1.0)
        small = float(mine) == int(mine) and float(theirs) == int(theirs)
        if gap and small:
            rungs.append(Offset(relation=name, other=name, lo=side[0], hi=side[1], node=node))
        if rungs:
            yield tuple(rungs)
