"""Makes trip tasks: a world, a frame, wishes until it is hard enough, words, and the way there."""

from collections.abc import Callable
from datetime import date
from random import Random

from pydantic import JsonValue

from data.errors import UserError
from data.hashing import content_hash, derive_rng
from data.task import (
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Language,
    Provenance,
    Source,
    Split,
    TaskBody,
)
from envs.general.env import VERSION as WORLD_VERSION
from envs.general.trip.compiled import (
    Compiled,
    Domain,
    Listing,
    TripVariant,
    compile_trip,
    sources,
)
from envs.general.trip.session import TripParameters, spec_of
from envs.general.trip.size import Size
from envs.general.trip.surface import trip_tools
from synth.general.trip.compose import Composed, Step, compose
from synth.general.trip.count import TripCounter, Uncounted
from synth.general.trip.frame import PLAN, Frame, form, problem
from synth.general.trip.level import LEVELS, outline
from synth.general.trip.measure import measures
from synth.general.trip.offer import Draft
from synth.general.trip.wishes_day import REPORT_BANDS, bands_wish
from synth.general.trip.witness import itinerary, witness
from synth.general.trip.words import messages
from synth.request import Rejection, Request
from verifiers.general.constraints import PlanProblem, Scalar
from verifiers.general.evaluate import Evaluator
from verifiers.general.plan import PlanSpec
from verifiers.general.trip import trip_tables_of

GENERATOR = "synth.general.trip"
VERSION = "1"
FAMILY = "trip"
LICENCE = "Apache-2.0"
SPLITS = ((Split.TEST, 0.05), (Split.VAL, 0.10), (Split.TRAIN, 1.0))
REPORT = "report"
"""The domain option that asks for the report's own task instead of a level's."""

REPORT_HOME, REPORT_DAY, REPORT_DAYS = "杭州", date(2025, 10, 1), 3
MAX_ATTEMPTS = 5
"""Worlds and wishes that are tried for one index."""

REPORT_ATTEMPTS = 25
"""More for the report's task: its limits are fixed, and few worlds let all of its rules bite."""

SLACK = 3.0
"""Factor by which the exact density may lie beyond its level's band."""


def check_trip(domain: str | None, family: str | None) -> None:
    """Raises `UserError` where a trip domain is asked for another family, or the other way round."""
    trips = list(Domain)
    if domain in trips and family not in (None, FAMILY, REPORT):
        raise UserError(f"{domain} has no family {family!r}; its families are {FAMILY}, {REPORT}")
    if family == REPORT and domain not in (None, Domain.CHINA):
        raise UserError(f"family {REPORT} is of domain {Domain.CHINA}, not {domain}")
    if family == FAMILY and domain not in (None, *trips):
        raise UserError(f"family {FAMILY} is of domains {', '.join(trips)}, not {domain}")


def warm_trip(domain: Domain) -> None:
    """Reads what worlds are made from. Raises `SourceError` where a package is missing."""
    compile_trip(domain, TripVariant(), 0, Language.EN)
    spec_of(domain)


def generate_trip(request: Request, index: int, domain: Domain, level: int) -> TaskBody | Rejection:
    """The trip task at `index`; a pure function of its arguments and the installed packages."""

    def once(rng: Random) -> TaskBody | Rejection:
        plan = outline(domain, level, "", rng)
        seed = rng.getrandbits(31)
        compiled = compile_trip(domain, plan.variant, seed, request.language)
        frame = Frame(compiled, plan.num_days, plan.away)
        composed = compose(frame, plan.num_wishes, plan.density, rng)
        return _finished(request, index, level, frame, seed, composed, rng)

    return _first(once, request, domain, level, index)


def generate_report(request: Request, index: int) -> TaskBody | Rejection:
    """The report's own task: three days from Hangzhou from 1 October 2025, constraints C1 to C5.

    Its holes are closed: prices on a border belong to the band above, a hotel below 200 is no
    choice, and the first day is spent in Hangzhou.
    """
    variant = TripVariant(
        size=Size(cities=10, hotels=6, restaurants=10, attractions=8),
        listing=Listing.BRIEF,
        home=REPORT_HOME,
        first_day=REPORT_DAY,
    )

    def once(rng: Random) -> TaskBody | Rejection:
        seed = rng.getrandbits(31)
        compiled = compile_trip(Domain.CHINA, variant, seed, request.language)
        frame = Frame(compiled, REPORT_DAYS, away=False)
        given = (bands_wish(Draft(frame, rng), REPORT_BANDS),)
        composed = compose(frame, 0, 1.0, rng, given)
        return _finished(request, index, 1, frame, seed, composed, rng)

    return _first(once, request, REPORT, index, attempts=REPORT_ATTEMPTS)


def _first(
    once: Callable[[Random], TaskBody | Rejection],
    request: Request,
    *place: str | int,
    attempts: int = MAX_ATTEMPTS,
) -> TaskBody | Rejection:
    """The first of some attempts that gives a task, else the reason of the last."""
    made: TaskBody | Rejection = Rejection("no_attempt")
    for attempt in range(attempts):
        made = once(derive_rng(request.seed, GENERATOR, VERSION, *place, attempt))
        if not isinstance(made, Rejection):
            break
    return made


def _finished(
    request: Request,
    index: int,
    level: int,
    frame: Frame,
    seed: int,
    composed: Composed | str,
    rng: Random,
) -> TaskBody | Rejection:
    """Counts the plans, leaves out wishes that say nothing new, and puts the task into words."""
    if isinstance(composed, str):
        return Rejection(composed)
    from synth.general.plan.model import PlanModel
    from synth.general.plan.solved import Unsolved

    rules = tuple(rule for wish in composed.wishes for rule in wish.rules)
    whole = problem(frame, rules)
    tables = trip_tables_of(frame.compiled)
    plan = composed.crowd.member()
    assert Evaluator(whole, tables).solves(plan), "the crowd keeps every rule"
    try:
        counter = TripCounter(frame)
        plain, right = counter.count(()), counter.count(rule.formula for rule in rules)
        model = PlanModel(whole, tables)
        idle = [rule.id for rule in whole.rules if model.breaking_only(rule.id) is None]
    except Uncounted:
        return Rejection("uncounted")
    except Unsolved:
        return Rejection("unsolved")
    if idle:
        return Rejection("idle_rule")
    low, high = LEVELS[level].density
    if rules and not low / SLACK <= right / plain <= high * SLACK:
        return Rejection("other_density")
    found = measures(frame, whole, plan, plain, right)
    return _body(request, index, level, frame, seed, composed, whole, plan, found, rng)


def _body(
    request: Request,
    index: int,
    level: int,
    frame: Frame,
    seed: int,
    composed: Composed,
    whole: PlanProblem,
    plan: dict[str, Scalar],
    found: dict[str, float],
    rng: Random,
) -> TaskBody:
    domain = frame.compiled.domain
    parameters = TripParameters(
        domain=domain, spec=spec_of(domain), variant=frame.compiled.variant, seed=seed
    ).model_dump(mode="json")
    read = (_own_source(domain), *sources(domain))
    days: list[JsonValue] = [dict(day) for day in itinerary(frame, plan)]
    return TaskBody(
        kind=request.kind,
        language=request.language,
        split=_split(domain, seed),
        prompt=messages(frame, composed.wishes, rng),
        tools=trip_tools(frame.compiled),
        env=EnvSpec(name=request.kind, version=WORLD_VERSION, parameters=parameters),
        hidden=Hidden(
            verifier=PlanSpec(plan=PLAN, problem=whole, form=form(frame)).model_dump(mode="json"),
            reference=days,
            witness=witness(frame, plan, whole.rules),
            proof=_proof(frame, plan, composed.steps),
        ),
        difficulty=Difficulty(level=level, measures=found),
        provenance=Provenance(
            author=request.author,
            generator=GENERATOR,
            generator_version=VERSION,
            seed=request.seed,
            index=index,
            options=request.options,
            sources=read,
        ),
        licence=" AND ".join(dict.fromkeys(source.licence for source in read)),
        fingerprint=content_hash({"world": parameters, "rules": _said(whole)}),
    )


def _proof(frame: Frame, plan: dict[str, Scalar], steps: tuple[Step, ...]) -> JsonObject:
    history: list[JsonValue] = [[step.wish.rules[0].id, round(step.share, 12)] for step in steps]
    return {
        "family": FAMILY,
        "num_days": frame.num_days,
        "away": frame.away,
        "plan": dict(plan),
        "history": history,
    }


def _said(whole: PlanProblem) -> list[JsonValue]:
    """The rules without their words."""
    return [rule.formula.model_dump(mode="json") for rule in whole.rules]


def _own_source(domain: Domain) -> Source:
    return Source(
        name=f"domain {domain}", version=WORLD_VERSION, licence=LICENCE, sha256=spec_of(domain)
    )


def _split(domain: Domain, seed: int) -> Split:
    """By the world, so that none is in two splits."""
    share = int(content_hash([domain, seed])[:8], 16) / 16**8
    return next(split for split, upto in SPLITS if share < upto)


def open_frame(
    parameters: JsonObject, language: Language, num_days: int, away: bool
) -> tuple[Frame, Compiled]:
    """The frame that stored parameters describe."""
    wanted = TripParameters.model_validate(parameters)
    compiled = compile_trip(wanted.domain, wanted.variant, wanted.seed, language)
    return Frame(compiled, num_days, away), compiled
