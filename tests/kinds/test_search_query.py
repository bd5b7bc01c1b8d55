"""The two evaluators mean the same by every query, and both mean what `query` says."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sources.base import Entity, Fact, Relation, ValueKind
from synth.search.audit import treewidth
from synth.search.evidence import smallest_cover
from synth.search.kb import KnowledgeBase
from synth.search.query import (
    Category,
    Clue,
    Count,
    Difference,
    Direction,
    Exclude,
    Extreme,
    HowMany,
    Initials,
    Link,
    Loop,
    Node,
    Offset,
    Query,
    Range,
    Step,
    Value,
    without_each_clue,
)
from synth.search.sets import SetEvaluator
from synth.search.sql import SqlEvaluator, build_facts

RELATIONS = {
    relation.name: relation
    for relation in (
        Relation("film.cast", "film", ValueKind.ENTITY, "person", mutual=True),
        Relation("film.director", "film", ValueKind.ENTITY, "person", mutual=True),
        Relation("film.sequel", "film", ValueKind.ENTITY, "film"),
        Relation("film.year", "film", ValueKind.YEAR, functional=True),
        Relation("film.runtime", "film", ValueKind.NUMBER, unit="minutes", functional=True),
        Relation("film.genre", "film", ValueKind.CATEGORY),
        Relation("person.town", "person", ValueKind.NAME, functional=True),
    )
}
GENRES = ("drama", "comedy", "western")
STEPS = {
    "film": [
        Step(relation="film.cast"),
        Step(relation="film.director"),
        Step(relation="film.sequel"),
        Step(relation="film.sequel", inverse=True),
    ],
    "person": [
        Step(relation="film.cast", inverse=True),
        Step(relation="film.director", inverse=True),
    ],
}


def far_type(step: Step) -> str:
    return "film" if step.inverse or step.relation == "film.sequel" else "person"


class World:
    """A random small knowledge base, its evaluators, and a reading of the definitions by hand."""

    def __init__(self, seed: int, folder: Path) -> None:
        rng = Random(seed)
        films = [Entity(f"f{i}", "film", f"Film {i}") for i in range(12)]
        people = [Entity(f"p{i}", "person", f"{'ABC'[i % 3]}n {'XY'[i % 2]}o") for i in range(9)]
        facts = set()
        for film in films:
            for person in rng.sample(people, rng.randint(0, 4)):
                facts.add(Fact("film.cast", film.id, person.id, person.name))
            facts.add(Fact("film.director", film.id, rng.choice(people).id, ""))
            other = rng.choice(films)
            if other != film:
                facts.add(Fact("film.sequel", film.id, other.id, other.name))
            if rng.random() < 0.9:
                facts.add(Fact("film.year", film.id, rng.randint(1960, 1966), ""))
            if rng.random() < 0.8:
                facts.add(Fact("film.runtime", film.id, rng.choice([90, 91.5, 100, 120]), ""))
            for genre in rng.sample(GENRES, rng.randint(0, 2)):
                facts.add(Fact("film.genre", film.id, genre, genre))
        for person in people:
            if rng.random() < 0.7:
                facts.add(Fact("person.town", person.id, rng.choice(["Ulm", "Bath"]), ""))
        self.facts = sorted(facts, key=str)
        self.entities = {entity.id: entity for entity in (*films, *people)}
        self.kb = KnowledgeBase(RELATIONS, self.entities, self.facts)
        self.sets = SetEvaluator(self.kb)
        path = folder / f"{seed}.sqlite"
        if not path.exists():
            build_facts(path, RELATIONS, self.entities, self.facts)
        self.sql = SqlEvaluator(path)

    def far(self, x: str, step: Step) -> set[str]:
        edges = [(f.subject, str(f.object)) for f in self.facts if f.relation == step.relation]
        return {s for s, o in edges if o == x} if step.inverse else {o for s, o in edges if s == x}

    def value(self, x: str, relation: str) -> float | None:
        for fact in self.facts:
            if (fact.relation, fact.subject) == (relation, x):
                return float(fact.object)
        return None

    def holds(self, x: str, clue: Clue) -> bool:  # noqa: C901 - one case a definition
        def inside(value: float | None, lo: float | None, hi: float | None) -> bool:
            if value is None:
                return False
            return (lo is None or value >= lo) and (hi is None or value <= hi)

        match clue:
            case Link():
                ties = [self.far(x, step) for step in clue.steps]
                return bool(set.intersection(*ties) & self.members(clue.node))
            case Loop():
                return any(
                    m != n
                    and y != x
                    and y in self.far(m, clue.second)
                    and y in self.far(n, clue.second)
                    for y in self.members(clue.node)
                    for m in self.far(x, clue.first)
                    for n in self.far(x, clue.first)
                )
            case Count():
                return inside(
                    len(self.far(x, clue.step) & self.members(clue.node)), clue.lo, clue.hi
                )
            case Range():
                return inside(self.value(x, clue.relation), clue.lo, clue.hi)
            case Category():
                return any(
                    (f.relation, f.subject, f.object) == (clue.relation, x, clue.value)
                    for f in self.facts
                )
            case Offset():
                mine = self.value(x, clue.relation)
                return mine is not None and any(
                    y != x
                    and (v := self.value(y, clue.other)) is not None
                    and inside(mine - v, clue.lo, clue.hi)
                    for y in self.members(clue.node)
                )
            case Initials():
                return tuple(w[0] for w in self.entities[x].name.split()) == clue.letters
            case Exclude():
                return not self.holds(x, clue.clue)
            case _:
                raise AssertionError(clue.op)

    def members(self, node: Node) -> set[str]:
        found = {
            x
            for x, entity in self.entities.items()
            if entity.type == node.type
            and node.constant in ("", x)
            and all(self.holds(x, c) for c in node.clues if not isinstance(c, Extreme))
        }
        for clue in node.clues:
            if isinstance(clue, Extreme):
                values = {x: v for x in found if (v := self.value(x, clue.relation)) is not None}
                best = (max if clue.direction is Direction.MOST else min)(
                    values.values(), default=0
                )
                found = {x for x, v in values.items() if v == best}
        return found


def film_clues(rng: Random) -> list[Clue]:
    lo = rng.randint(1960, 1966)
    plain: list[Clue] = [
        Range(relation="film.year", lo=lo, hi=rng.choice([None, lo, lo + 2])),
        Range(relation="film.runtime", lo=None, hi=rng.choice([90, 95.5, 100])),
        Category(relation="film.genre", value=rng.choice(GENRES)),
        Exclude(clue=Category(relation="film.genre", value=rng.choice(GENRES))),
        Exclude(clue=Range(relation="film.year", lo=lo, hi=None)),
    ]
    gap = rng.randint(-2, 2)
    other = Node(type="film", constant=f"f{rng.randrange(12)}") if rng.random() < 0.5 else None
    plain.append(
        Offset(
            relation="film.year",
            other="film.year",
            lo=gap,
            hi=rng.choice([None, gap]),
            node=other or Node(type="film", clues=(rng.choice(plain),)),
        )
    )
    return plain


def random_node(rng: Random, type_: str, depth: int) -> Node:
    if depth == 0 and rng.random() < 0.5:
        prefix, number = ("f", 12) if type_ == "film" else ("p", 9)
        return Node(type=type_, constant=f"{prefix}{rng.randrange(number)}")
    clues: list[Clue] = []
    if type_ == "film":
        clues += rng.sample(film_clues(rng), rng.randint(0, 2))
    else:
        plain = [
            Initials(letters=("A", rng.choice("XY"))),
            Category(relation="person.town", value="Ulm"),
        ]
        clues += rng.sample(plain, rng.randint(0, 1))
    for _ in range(rng.randint(0, 2) if depth else 0):
        step = rng.choice(STEPS[type_])
        node = random_node(rng, far_type(step), depth - 1)
        back = Step(relation=step.relation, inverse=not step.inverse)
        same = [s for s in STEPS[type_] if far_type(s) == far_type(step)]
        lo = rng.randint(1, 2)
        hi = rng.choice([None, lo, lo + 1])
        shapes: list[Clue] = [
            Link(steps=(step,), node=node),
            Link(steps=(step, rng.choice(same)), node=node),
            Count(step=step, node=node, lo=lo, hi=hi),
            Loop(first=step, second=back, node=random_node(rng, type_, depth - 1)),
        ]
        clues.append(rng.choice(shapes))
    if type_ == "film" and rng.random() < 0.15:
        direction = rng.choice(list(Direction))
        clues.append(Extreme(relation="film.runtime", direction=direction))
    return Node(type=type_, clues=tuple(clues))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("facts")


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_sets_sql_and_the_definitions_agree(folder: Path, seed: int) -> None:
    rng = Random(seed)
    world = World(seed % 7, folder)
    type_ = rng.choice(["film", "person"])
    root = random_node(rng, type_, rng.randint(0, 3))
    expected = tuple(sorted(world.members(root)))
    assert world.sets.answer(Query(root=root)) == expected
    assert world.sql.answer(Query(root=root)) == expected
    asks = [HowMany(step=rng.choice(STEPS[type_]), node=Node(type="person"))]
    if asks[0].step.inverse or asks[0].step.relation == "film.sequel":
        asks = [HowMany(step=asks[0].step, node=Node(type="film"))]
    other = Node(type="film", constant="f3")
    more = [
        Value(relation="film.year"),
        Difference(relation="film.year", other="film.year", node=other),
    ]
    for ask in (*asks, *(more if type_ == "film" else [Value(relation="person.town")])):
        query = Query(root=root, ask=ask)
        assert world.sets.answer(query) == world.sql.answer(query)
        if len(expected) != 1:
            assert world.sets.answer(query) == ()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_each_missing_clue_only_lets_more_in_unless_a_superlative_picks(
    folder: Path, seed: int
) -> None:
    rng = Random(seed)
    world = World(seed % 7, folder)
    root = random_node(rng, "film", 2)
    text = root.model_dump_json()
    if '"extreme"' in text or '"count"' in text:
        return
    for less in without_each_clue(root):
        assert world.sets.members(less.node) >= world.sets.members(root)


@pytest.mark.parametrize(
    ("edges", "width"),
    [
        pytest.param(set(), 0, id="one vertex"),
        pytest.param({(0, 1), (1, 2), (1, 3)}, 1, id="tree"),
        pytest.param({(0, 1), (1, 2), (2, 3), (3, 0)}, 2, id="cycle"),
        pytest.param({(a, b) for a in range(4) for b in range(a)}, 3, id="clique of four"),
        pytest.param(
            {(3 * r + c, 3 * r + c + 1) for r in range(3) for c in range(2)}
            | {(3 * r + c, 3 * r + c + 3) for r in range(2) for c in range(3)},
            3,
            id="grid of three by three",
        ),
    ],
)
def test_treewidth_is_exact(edges: set[tuple[int, int]], width: int) -> None:
    assert treewidth(edges) == width


@settings(max_examples=100, deadline=None)
@given(
    options=st.lists(
        st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=3, unique=True), max_size=8
    )
)
def test_the_smallest_cover_covers_and_no_smaller_one_does(options: list[list[str]]) -> None:
    from itertools import combinations

    cover = smallest_cover(tuple(option) for option in options)
    assert all(set(option) & set(cover) for option in options)
    for fewer in combinations("abcdefg", len(cover) - 1 if cover else 0):
        assert not cover or not all(set(option) & set(fewer) for option in options)
