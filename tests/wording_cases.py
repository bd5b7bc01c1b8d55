"""Random well-typed queries over made-up names: material for the tests of the wording."""

from collections.abc import Callable, Iterator
from random import Random

from data.sources.base import Relation, ValueKind
from synth.search.query import (
    Ask,
    Category,
    Clue,
    Count,
    Difference,
    Direction,
    Entities,
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
)

ENTITY, CATEGORY, NAME = ValueKind.ENTITY, ValueKind.CATEGORY, ValueKind.NAME
YEAR, NUMBER = ValueKind.YEAR, ValueKind.NUMBER

ENTITY_RELATIONS = (
    "film.director>person",
    "film.writer>person",
    "film.cast>person",
    "film.company>company",
    "film.country>country",
    "country.border>country",
    "country.export_partner>country",
    "country.import_partner>country",
    "element.discovery_country>country",
    "term.link>term",
    "package.depends>package",
    "package.recommends>package",
    "package.maintainer>maintainer",
    "book.written_by>author",
    "book.sequel>book",
    "author.birthPlace>town",
)
NUMBER_RELATIONS = (
    "film.runtime:minutes",
    "film.oscars:",
    "film.nominations:",
    "film.metascore:",
    "film.critics_score:%",
    "country.area:sq_km",
    "country.coastline:km",
    "country.land_boundary:km",
    "country.highest_elevation:m",
    "country.mean_elevation:m",
    "country.population:",
    "country.median_age:years",
    "country.life_expectancy:years",
    "country.airports:",
    "country.railways:km",
    "element.atomic_number:",
    "element.period:",
    "element.group:",
    "element.melting_point:K",
    "element.boiling_point:K",
    "element.density:g/cm3",
    "element.atomic_weight:u",
    "element.electronegativity:",
    "element.stable_isotopes:",
    "package.installed_size:KiB",
    "book.pageCount:pages",
    "town.height_above_sea:m",
)
YEAR_RELATIONS = (
    "film.year",
    "country.independence",
    "element.discovery_year",
    "book.first_published",
    "author.birth_year",
)
CATEGORY_RELATIONS = {
    "film.genre": ("Drama", "Comedy", "Sci-Fi", "Musical", "Biography", "Documentary", "Horror"),
    "film.language": ("French", "English", "Standard Chinese", "Yue Chinese", "Icelandic"),
    "film.rating": ("R", "PG-13", "PG"),
    "country.region": ("Europe", "Africa", "Middle East", "Southeast Asia"),
    "country.language": ("French", "Arabic", "Swahili"),
    "country.religion": ("Muslim", "Roman Catholic", "Buddhist"),
    "country.government_type": ("parliamentary republic", "absolute monarchy"),
    "element.block": ("s", "p", "d", "f"),
    "element.series": ("Noble gases", "Transition metals"),
    "element.lattice": ("FCC", "BCC"),
    "term.field": ("language", "operating system"),
    "package.section": ("games", "python", "utils"),
    "package.tag": ("role::program", "use::editing"),
    "book.genre": ("Fable", "Thriller"),
}
NAME_RELATIONS = {
    "country.capital": ("Velmora", "Ostrau"),
    "country.highest_point": ("Mount Tarn", "Pico Alto"),
    "country.currency": ("crown", "florin"),
    "country.internet_code": (".vm", ".os"),
    "element.symbol": ("Vx", "Or"),
    "element.discoverer": ("Ada Quill", "Otto Brandt"),
    "package.source": ("libvelm", "ostrau-tools"),
    "package.homepage_host": ("velm.example", "ostrau.example"),
    "town.founderName": ("Ida Stone", "Karl Moor"),
}
MADE_UP = {
    "film": ("The Glass Harbour", "Ten Winters", "A Quiet Alarm", "Eight Bells", "Lanterns"),
    "person": ("Ilse Varga", "Tom Okafor", "Jean-Luc Maret", "Aiko Mori", "Sean O'Dell"),
    "company": ("Northlight Pictures", "Harrow Films", "Studio Kestrel"),
    "country": ("Netherlands", "France", "United States", "Velmoria", "Ivory Coast"),
    "element": ("Velmium", "Ostrine", "Iron"),
    "term": ("garbage collection", "BASIC", "Velm"),
    "package": ("libvelm1", "ostrau-utils", "kestrel"),
    "maintainer": ("Ilse Varga", "Debian Kestrel Team"),
    "book": ("Salt and Iron", "The Weaver"),
    "author": ("Ida Stone", "Karl Moor"),
    "town": ("Ostrau", "Little Velm"),
}
TYPES = tuple(MADE_UP)


def relations() -> dict[str, Relation]:
    found: list[Relation] = []
    for item in ENTITY_RELATIONS:
        name, target = item.split(">")
        found.append(Relation(name, name.split(".")[0], ENTITY, object=target))
    for item in NUMBER_RELATIONS:
        name, unit = item.split(":")
        unit = unit.replace("_", " ")
        found.append(Relation(name, name.split(".")[0], NUMBER, unit=unit, functional=True))
    for name in YEAR_RELATIONS:
        found.append(Relation(name, name.split(".")[0], YEAR, functional=True))
    for name in CATEGORY_RELATIONS:
        found.append(Relation(name, name.split(".")[0], CATEGORY))
    for name in NAME_RELATIONS:
        found.append(Relation(name, name.split(".")[0], NAME, functional=True))
    return {relation.name: relation for relation in found}


class MadeUp:
    """Names of the made-up world; an entity id is `type/name`."""

    def __init__(self) -> None:
        self.relations = relations()

    def name(self, entity: str) -> str:
        return entity.split("/", 1)[1]

    def type(self, entity: str) -> str:
        return entity.split("/", 1)[0]

    def chinese(self, entity: str) -> str:
        return ""

    def relation(self, name: str) -> Relation:
        return self.relations[name]


class Cases:
    """Draws random queries; every choice comes from one generator."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.relations = relations()

    def steps(self, kind: str) -> list[tuple[Step, str]]:
        """Edges that leave `kind`, with the type at their other end."""
        found = []
        for relation in self.relations.values():
            if relation.value is ENTITY and relation.subject == kind:
                found.append((Step(relation=relation.name), relation.object))
            if relation.value is ENTITY and relation.object == kind:
                found.append((Step(relation=relation.name, inverse=True), relation.subject))
        return found

    def of_kind(self, kind: str, *values: ValueKind) -> list[Relation]:
        return [r for r in self.relations.values() if r.subject == kind and r.value in values]

    def constant(self, kind: str) -> Node:
        return Node(type=kind, constant=f"{kind}/{self.rng.choice(MADE_UP[kind])}")

    def node(self, kind: str, depth: int, width: int = 3) -> Node:
        """A description of `kind` with up to `width` clues and `depth` nested nodes."""
        if depth <= 0:
            return self.constant(kind) if self.rng.random() < 0.7 else self.simple(kind)
        wanted = self.rng.randint(1, width)
        clues: list[Clue] = []
        for _ in range(wanted * 3):
            clue = self.clue(kind, depth)
            if clue and not clashes(clue, clues):
                clues.append(clue)
            if len(clues) == wanted:
                break
        if not clues:
            return self.constant(kind)
        return Node(type=kind, clues=tuple(clues))

    def clue(self, kind: str, depth: int) -> Clue | None:
        ops: list[Callable[[str, int], Clue | None]] = [
            self.plain,
            self.plain,
            self.plain,
            self.link,
            self.link,
            self.link,
        ]
        ops += [self.loop, self.count, self.offset, self.exclude, self.initials, self.extreme]
        return self.rng.choice(ops)(kind, depth)

    def plain(self, kind: str, depth: int) -> Category | Range | None:
        found = self.of_kind(kind, CATEGORY, NAME, YEAR, NUMBER)
        if not found:
            return None
        relation = self.rng.choice(found)
        if relation.value in (CATEGORY, NAME):
            words = {**CATEGORY_RELATIONS, **NAME_RELATIONS}[relation.name]
            return Category(relation=relation.name, value=self.rng.choice(words))
        low = self.rng.randint(1850, 2000) if relation.value is YEAR else self.rng.randint(2, 9000)
        lo, hi = self.rng.choice(
            (
                (low, low),
                (low // 10 * 10, low // 10 * 10 + 9),
                (low, low + 3),
                (low, None),
                (None, low),
            )
        )
        return Range(relation=relation.name, lo=lo, hi=hi)

    def link(self, kind: str, depth: int) -> Link | None:
        steps = self.steps(kind)
        if not steps:
            return None
        step, target = self.rng.choice(steps)
        twins = [s for s, t in steps if t == target and s != step and s.inverse == step.inverse]
        both = (step, self.rng.choice(twins)) if twins and self.rng.random() < 0.15 else (step,)
        return Link(steps=both, node=self.node(target, depth - 1))

    def loop(self, kind: str, depth: int) -> Loop | None:
        steps = self.steps(kind)
        if not steps:
            return None
        first, middle = self.rng.choice(steps)
        second, target = self.rng.choice(self.steps(middle))
        return Loop(first=first, second=second, node=self.node(target, depth - 1))

    def count(self, kind: str, depth: int) -> Count | None:
        steps = self.steps(kind)
        if not steps:
            return None
        step, target = self.rng.choice(steps)
        low = self.rng.randint(1, 5)
        lo, hi = self.rng.choice(((low, low), (low, None), (low, low + 2), (0, low), (0, 0)))
        return Count(step=step, node=self.simple(target), lo=lo, hi=hi)

    def simple(self, kind: str) -> Node:
        clue = self.plain(kind, 0) if self.rng.random() < 0.6 else None
        return Node(type=kind, clues=(clue,) if clue else ())

    def offset(self, kind: str, depth: int) -> Offset | None:
        found = self.of_kind(kind, YEAR, NUMBER)
        if not found:
            return None
        relation = self.rng.choice(found)
        size = self.rng.randint(1, 30)
        lo, hi = self.rng.choice(
            (
                (0, 0),
                (size, size),
                (-size, -size),
                (1, None),
                (None, -1),
                (size, None),
                (-size, size),
            )
        )
        others = [relation] if relation.value is NUMBER else self.years()
        other = self.rng.choice(others) if self.rng.random() < 0.3 else relation
        child = self.node(other.subject, depth - 1)
        return Offset(relation=relation.name, other=other.name, lo=lo, hi=hi, node=child)

    def years(self) -> list[Relation]:
        return [r for r in self.relations.values() if r.value is YEAR]

    def exclude(self, kind: str, depth: int) -> Exclude | None:
        inner = self.plain(kind, depth)
        if self.rng.random() < 0.4 and self.steps(kind):
            step, target = self.rng.choice(self.steps(kind))
            node = self.constant(target) if self.rng.random() < 0.6 else self.simple(target)
            return Exclude(clue=Link(steps=(step,), node=node))
        return Exclude(clue=inner) if inner else None

    def initials(self, kind: str, depth: int) -> Initials:
        return Initials(letters=tuple(self.rng.choices("ABCDEFGHIJKLMNOPRSTW", k=2)))

    def extreme(self, kind: str, depth: int) -> Extreme | None:
        found = self.of_kind(kind, YEAR, NUMBER)
        if not found or self.rng.random() < 0.5:
            return None
        return Extreme(
            relation=self.rng.choice(found).name, direction=self.rng.choice(list(Direction))
        )

    def ask(self, kind: str) -> Ask:
        asked = self.of_kind(kind, YEAR, NUMBER, NAME)
        measured = self.of_kind(kind, YEAR, NUMBER)
        roll = self.rng.random()
        if roll < 0.15 and asked:
            return Value(relation=self.rng.choice(asked).name)
        if roll < 0.25 and self.steps(kind):
            step, target = self.rng.choice(self.steps(kind))
            return HowMany(step=step, node=self.simple(target))
        if roll < 0.35 and measured:
            relation = self.rng.choice(measured).name
            return Difference(relation=relation, other=relation, node=self.described(kind, 1))
        return Entities()

    def described(self, kind: str, depth: int) -> Node:
        while True:
            node = self.node(kind, depth)
            if not node.constant:
                return node

    def query(self, depth: int = 2) -> Query:
        kind = self.rng.choice(TYPES)
        return Query(root=self.described(kind, depth), ask=self.ask(kind))


def clashes(clue: Clue, clues: list[Clue]) -> bool:
    """True if a second clue of this sort would be unnatural: one a relation, one superlative."""
    if isinstance(clue, Link | Count | Loop):
        return any(c.op == clue.op == "loop" for c in clues) or clue in clues
    mine = getattr(clue.clue if isinstance(clue, Exclude) else clue, "relation", clue.op)
    theirs = [getattr(c.clue if isinstance(c, Exclude) else c, "relation", c.op) for c in clues]
    return mine in theirs or any(c.op == clue.op == "extreme" for c in clues)


def queries(seed: int, number: int, depth: int = 2) -> Iterator[Query]:
    cases = Cases(Random(seed))
    for _ in range(number):
        yield cases.query(depth)
