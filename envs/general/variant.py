"""Structural variation: which parts of a domain a world has, and how its tools are cut.

A variant is data that travels with the task. Number 0 of a domain is the whole domain with its
plainest tools; every other number draws its parts from a stream of its own.
"""

from enum import StrEnum
from random import Random

from data.hashing import derive_rng
from data.record import Record
from data.task import Language
from envs.general.spec import DomainSpec


class Style(StrEnum):
    """How the rows of one table are read."""

    SEARCH = "search"
    """One search with filters and sorting, and get by id."""
    LOOKUP = "lookup"
    """Find by name, list by each table it points at, and get by id."""
    BROWSE = "browse"
    """A list of ids and names, and get by id."""
    FIELDS = "fields"
    """A list of ids and names, and a tool that gives chosen columns of one row."""
    FULL = "full"
    """A list of whole rows."""


class Paging(StrEnum):
    PAGE = "page"
    OFFSET = "offset"
    ALL = "all"


class Ids(StrEnum):
    """How ids look: LN-4821, 4821, loan_4821."""

    PATTERN = "pattern"
    NUMBER = "number"
    WORD = "word"


class Extra(StrEnum):
    """Tools that nobody needs, but that can save or waste calls."""

    COUNT = "count"
    SUMMARY = "summary"
    CALENDAR = "calendar"


class Variant(Record):
    language: Language = Language.EN
    """Of names and texts in the world, and of its tools' descriptions."""
    without: tuple[str, ...] = ()
    """Paths in the domain file of what this world lacks, e.g. tables.hold."""
    styles: dict[str, Style] = {}
    """By table; the others are `search`."""
    paging: Paging = Paging.PAGE
    page_size: int = 10
    ids: Ids = Ids.PATTERN
    enforced: dict[str, bool] = {}
    """Policies for which the file leaves open whether the tool refuses."""
    extras: tuple[Extra, ...] = ()


VARIANTS = 16
"""Variants of one domain; all differ in structure."""
MAX_DRAWS = 50


def draw_variant(spec: DomainSpec, number: int, language: Language) -> Variant:
    """Variant `number` of a domain: no earlier number has the same structure."""
    seen: set[str] = set()
    made = _plain(spec)
    for earlier in range(number + 1):
        for attempt in range(MAX_DRAWS):
            made = _drawn(spec, earlier, attempt) if earlier else _plain(spec)
            if _structure(spec, made) not in seen:
                break
        seen.add(_structure(spec, made))
    return made.model_copy(update={"language": language})


def _structure(spec: DomainSpec, variant: Variant) -> str:
    """What tells variants apart whatever their ids and page sizes."""
    gone = {path.removeprefix("tables.") for path in variant.without}
    shape = variant.model_copy(
        update={
            "ids": Ids.PATTERN,
            "page_size": 0,
            "styles": {n: style for n, style in variant.styles.items() if n not in gone},
            "enforced": {
                name: refuses
                for name, refuses in variant.enforced.items()
                if f"policies.{name}" not in variant.without
            },
        }
    )
    return shape.model_dump_json()


def _fixed(spec: DomainSpec) -> dict[str, bool]:
    return {name: p.enforced for name, p in spec.policies.items() if p.enforced is not None}


def _plain(spec: DomainSpec) -> Variant:
    fixed = _fixed(spec)
    loose = [name for name in spec.policies if name not in fixed]
    half = {name: at % 2 == 1 for at, name in enumerate(loose)}
    return Variant(styles=dict.fromkeys(spec.tables, Style.SEARCH), enforced={**fixed, **half})


def _drawn(spec: DomainSpec, number: int, attempt: int) -> Variant:
    fixed = _fixed(spec)
    rng = derive_rng("variant", spec.name, number, attempt)
    return Variant(
        without=_without(spec, rng),
        styles={name: rng.choice(list(Style)) for name in spec.tables},
        paging=rng.choice(list(Paging)),
        page_size=rng.choice((5, 10, 20)),
        ids=rng.choice(list(Ids)),
        enforced={
            name: fixed[name] if name in fixed else rng.random() < 0.4 for name in spec.policies
        },
        extras=tuple(extra for extra in Extra if rng.random() < 0.4),
    )


def _without(spec: DomainSpec, rng: Random) -> tuple[str, ...]:
    """Optional tables and some policies; at least two policies stay where there are three."""
    left = [f"tables.{n}" for n, table in spec.tables.items() if table.optional]
    chosen = [path for path in left if rng.random() < 0.4]
    names = list(spec.policies)
    spare = max(0, len(names) - 2)
    chosen += [f"policies.{n}" for n in rng.sample(names, rng.randint(0, min(2, spare)))]
    return tuple(sorted(chosen))
