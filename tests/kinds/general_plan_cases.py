"""Small random plan problems over small random tables, with every kind of term and formula."""

from random import Random

from verifiers.general.constraints import (
    AllDifferent,
    And,
    AtLeast,
    Compare,
    Const,
    Count,
    Distinct,
    Field,
    Formula,
    Greatest,
    Implies,
    Least,
    Lookup,
    Member,
    Not,
    Operator,
    Or,
    PlanProblem,
    Rule,
    Same,
    Slot,
    Sum,
    Term,
    Times,
)
from verifiers.general.tables import Row, Table, Tables

CITIES = ("Turku", "Oulu", "Vaasa")
KINDS = ("grill", "soup", "vegan")
DAYS = ("2025-10-01", "2025-10-02", "2025-11-05")


def random_tables(rng: Random) -> Tables:
    cities: list[Row] = [
        {"id": f"c{i}", "name": name, "rank": rng.randint(1, 3)} for i, name in enumerate(CITIES)
    ]
    rows: list[Row] = [
        {
            "id": f"r{i}",
            "city": rng.choice(["c0", "c1", "c2", None]),
            "price": rng.choice([None, 10, 12.5, 0.1, 0.2, 30]),
            "stars": rng.randint(1, 5),
            "kind": rng.choice(KINDS),
            "day": rng.choice(DAYS),
            "vegan": rng.random() < 0.5,
        }
        for i in range(rng.randint(2, 5))
    ]
    pairs = [(a, b) for a in ("c0", "c1", "c2") for b in ("c0", "c1", "c2")]
    roads: list[Row] = [
        {"id": f"t{i}", "from": a, "to": b, "km": rng.choice([None, 5, 7.5, 20])}
        for i, (a, b) in enumerate(rng.sample(pairs, 6))
    ]
    return Tables(
        {
            "city": Table("id", cities),
            "place": Table("id", rows, {"city": "city"}),
            "road": Table("id", roads, {"from": "city", "to": "city"}),
        }
    )


def random_problem(rng: Random, num_rules: int = 3) -> tuple[PlanProblem, Tables]:
    tables = random_tables(rng)
    slots = [Slot(name=f"p{i}", table="place") for i in range(rng.randint(2, 4))]
    slots += [Slot(name="home", table="city")] * rng.randint(0, 1)
    author = _Author(rng, [s.name for s in slots if s.table == "place"])
    rules = tuple(
        Rule(id=f"r{i}", formula=author.formula(3)) for i in range(rng.randint(1, num_rules))
    )
    return PlanProblem(slots=tuple(slots), rules=rules), tables


class _Author:
    def __init__(self, rng: Random, places: list[str]) -> None:
        self.rng = rng
        self.places = places

    def _some(self, fewest: int = 2) -> list[str]:
        return self.rng.sample(self.places, self.rng.randint(fewest, len(self.places)))

    def number(self, depth: int) -> Term:
        rng = self.rng
        slots = self._some()
        field = rng.choice(["price", "stars"])
        terms = tuple(Field(slot=slot, path=(field,)) for slot in slots)
        choice = rng.randrange(9 if depth else 4)
        if choice == 0:
            return Const(value=rng.choice([0, 1, 2, 10.5, 12.5, 30, 40.25]))
        if choice == 1:
            return Field(slot=slots[0], path=("city", "rank"))
        if choice == 2:
            return terms[0]
        if choice == 3:
            keys = (("from", _city(slots[0])), ("to", _city(slots[1])))
            return Lookup(table="road", keys=keys, field="km")
        if choice == 4:
            return Sum(terms=(*terms, self.number(depth - 1)))
        if choice == 5:
            return Times(factor=rng.choice([2, -1, 0.5]), term=self.number(depth - 1))
        if choice == 6:
            return Count(of=tuple(self.formula(depth - 1) for _ in range(3)))
        if choice == 7:
            kinds = tuple(Field(slot=slot, path=("kind",)) for slot in slots)
            return Distinct(terms=kinds)
        return rng.choice([Least, Greatest])(terms=terms)

    def formula(self, depth: int) -> Formula:
        if self.rng.random() < (0.5 if depth else 1.0):
            return self._flat()
        return self._nested(depth - 1)

    def _flat(self) -> Formula:
        rng, slots = self.rng, self._some()
        name = rng.choice(["kind", "city", "price", "day"])
        alike = tuple(Field(slot=slot, path=(name,)) for slot in slots)
        by = rng.choice(list(Operator))
        choice = rng.randrange(5)
        if choice == 0:
            return Compare(left=self.number(1), by=by, right=self.number(1))
        if choice == 1:
            day = Const(value=rng.choice([*DAYS, "2025-10-20"]))
            return Compare(left=Field(slot=slots[0], path=("day",)), by=by, right=day)
        if choice == 2:
            term = Field(slot=slots[0], path=("kind",))
            return Member(term=term, values=tuple(rng.sample(KINDS, 2)))
        if choice == 3:
            keyed = tuple(Field(slot=slot) for slot in slots)
            return AllDifferent(terms=rng.choice([alike, keyed]))
        return Same(terms=alike)

    def _nested(self, depth: int) -> Formula:
        rng = self.rng
        parts = tuple(self.formula(depth) for _ in range(3))
        choice = rng.randrange(6)
        if choice == 0:
            return And(of=parts)
        if choice == 1:
            return Or(of=parts)
        if choice == 2:
            return Not(of=parts[0])
        if choice == 3:
            return Implies(given=parts[0], then=parts[1])
        if choice == 4:
            return AtLeast(n=rng.randint(1, 3), of=parts)
        by = rng.choice(list(Operator))
        return Compare(left=self.number(depth), by=by, right=self.number(depth))


def _city(slot: str) -> Field:
    return Field(slot=slot, path=("city",))
