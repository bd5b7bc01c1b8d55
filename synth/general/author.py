"""Makes general tasks: picks an environment and a family, and frames what the family's author writes."""

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import NamedTuple

from pydantic import Field, ValidationError

from data.errors import UserError
from data.hashing import content_hash, derive_rng
from data.record import Record
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    JsonObject,
    Language,
    Provenance,
    Source,
    Split,
    TaskBody,
)
from envs.general import VERSION as WORLD_VERSION
from envs.general.compiler import Compiled, compile_shipped, domain_files, load_spec, shipped_hash
from envs.general.env import Parameters
from envs.general.real import real_source
from envs.general.rows import Unfillable
from envs.general.trip.compiled import Domain
from envs.general.variant import VARIANTS, draw_variant
from synth.general.plan.author import write as write_plan
from synth.general.transact.author import write as write_transact
from synth.general.transact.goals import Unfit
from synth.general.trip.author import (
    FAMILY as TRIP,
)
from synth.general.trip.author import (
    REPORT,
    check_trip,
    generate_report,
    generate_trip,
    warm_trip,
)
from synth.general.written import Written
from synth.request import Rejection, Request, draft_rng

GENERATOR = "synth.general"
VERSION = "1"
AUTHORS = (Author.PROGRAM,)
SPLITS = ((Split.TEST, 0.05), (Split.VAL, 0.10), (Split.TRAIN, 1.0))
LICENCE = "Apache-2.0"
SEEDS = 5
"""Populations of one environment."""

PLAN = "plan"
FAMILIES: Mapping[str, Callable[[Compiled, int, Random], Written]] = {
    "transact": write_transact,
    PLAN: write_plan,
}


class Options(Record):
    """The request's options; None leaves the choice to the index."""

    domain: str | None = None
    family: str | None = None
    difficulty: int | None = Field(default=None, ge=1, le=5)


class Place(NamedTuple):
    """One environment: a domain and the number of its variant."""

    domain: str
    variant: int


def prepare(options: JsonObject) -> JsonObject:
    """Checks the options. Raises `UserError` that names what is known."""
    try:
        wanted = Options.model_validate(options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            names = ", ".join(Options.model_fields)
            raise UserError(f"general has no option {where!r}; its options are {names}") from error
        raise UserError(
            f"general option {where}: {first['msg']}, got {first['input']!r}"
        ) from error
    known = [*domain_files(), *Domain]
    if wanted.domain is not None and wanted.domain not in known:
        near = [name for name in known if wanted.domain[:4] in name]
        hint = f"; near it: {', '.join(near)}" if near else "; `cli.py kinds` lists the domains"
        raise UserError(f"no domain {wanted.domain!r} among {len(known)}{hint}")
    families = [*FAMILIES, TRIP, REPORT]
    if wanted.family is not None and wanted.family not in families:
        raise UserError(f"no family {wanted.family!r}; families are {', '.join(families)}")
    check_trip(wanted.domain, wanted.family)
    return wanted.model_dump(mode="json", exclude_none=True)


@cache
def places(domain: str | None, family: str | None) -> tuple[Place, ...]:
    """The environments in which a request may be met, in a fixed order that mixes domains."""
    names = domain_names(domain, family)
    found = [Place(name, number) for name in names for number in range(VARIANTS)]
    derive_rng("places", *names).shuffle(found)
    return tuple(found)


def domain_names(domain: str | None, family: str | None) -> list[str]:
    """The domains that have tasks of a family; all of them if neither is named."""
    if domain is not None:
        return [domain]
    if family in (TRIP, REPORT):
        return [str(name) for name in Domain]
    files = list(domain_files())
    if family == PLAN:
        return [name for name in files if load_spec(name).plans]
    return files if family else [*files, *Domain]


def warm(request: Request) -> None:
    """Reads the domain files that the request may need."""
    options = Options.model_validate(request.options)
    for name in domain_names(options.domain, options.family):
        if name in list(Domain):
            warm_trip(Domain(name))
        else:
            load_spec(name)


def generate(request: Request, index: int) -> TaskBody | Rejection:
    """The task at `index`: in the environment at that place of the list, round and round."""
    options = Options.model_validate(request.options)
    if options.family == REPORT:
        return generate_report(request, index)
    rng = draft_rng(request, index, GENERATOR, VERSION)
    every = places(options.domain, options.family)
    place = every[(index + request.seed) % len(every)]
    level = options.difficulty or rng.randint(1, 5)
    if place.domain in list(Domain):
        return generate_trip(request, index, Domain(place.domain), level)
    try:
        world = open_place(place, request.language, rng.randrange(SEEDS))
        family = options.family or _family(world, rng)
        if family == PLAN and not world.domain.plans:
            return Rejection("no_plans")
        written = FAMILIES[family](world, level, rng)
    except Unfit as reason:
        return Rejection(str(reason))
    except Unfillable:
        return Rejection("unfillable")
    return _framed(request, index, place, world, level, written)


def open_place(place: Place, language: Language, seed: int) -> Compiled:
    variant = draw_variant(load_spec(place.domain), place.variant, language)
    return compile_shipped(place.domain, variant, seed)


def _family(world: Compiled, rng: Random) -> str:
    known = [name for name in FAMILIES if name != PLAN or world.domain.plans]
    return rng.choice(known)


def _framed(
    request: Request, index: int, place: Place, world: Compiled, level: int, written: Written
) -> TaskBody:
    sources = world_sources(world)
    return TaskBody(
        kind=request.kind,
        language=request.language,
        split=_split(place),
        prompt=written.messages,
        tools=world.tools,
        env=EnvSpec(
            name=request.kind,
            version=WORLD_VERSION,
            parameters=Parameters(
                domain=place.domain,
                spec=shipped_hash(place.domain),
                variant=world.variant,
                seed=world.seed,
            ).model_dump(mode="json"),
        ),
        hidden=written.hidden,
        difficulty=Difficulty(level=level, measures=written.measures),
        provenance=Provenance(
            author=request.author,
            generator=GENERATOR,
            generator_version=VERSION,
            seed=request.seed,
            index=index,
            options=request.options,
            sources=sources,
        ),
        licence=" AND ".join(dict.fromkeys([LICENCE, *(source.licence for source in sources)])),
        fingerprint=written.fingerprint,
    )


def world_sources(world: Compiled) -> tuple[Source, ...]:
    """The domain file, and the real data that its tables hold."""
    spec = Source(
        name=f"domain {world.domain.name}",
        version=WORLD_VERSION,
        licence=LICENCE,
        sha256=world.domain.sha256,
    )
    real = dict.fromkeys(table.real for table in world.domain.tables.values() if table.real)
    return (spec, *(real_source(name) for name in real))


def _split(place: Place) -> Split:
    """By the environment, so that none is in two splits."""
    share = int(content_hash(list(place))[:8], 16) / 16**8
    return next(split for split, upto in SPLITS if share < upto)
