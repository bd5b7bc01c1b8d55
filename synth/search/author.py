"""The program author of search questions: from a request and an index to a task, or a reason.

Deterministic in (version, request, index, sources). The order of the steps is by cost: what rejects
most cheaply comes first.
"""

from functools import partial
from random import Random
from typing import NamedTuple

from pydantic import Field, JsonValue, ValidationError

from data.errors import UserError
from data.hashing import canonical_json, content_hash
from data.record import Record
from data.sources.base import ValueKind
from data.sources.corpus import DEFAULT_SOURCES, known_sources, resolved
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Provenance,
    Split,
    TaskBody,
)
from envs.search import TOOLS
from envs.search import VERSION as WORLD_VERSION
from synth.request import Catalogue, Rejection, Request, draft_rng
from synth.search.audit import MIN_DOCUMENTS, audit, num_documents
from synth.search.compose import Composer, Unfit
from synth.search.evidence import stating_pages
from synth.search.grow import DeadEnd, Grower
from synth.search.library import Library, open_library
from synth.search.plan import AskFor, Plan, plan
from synth.search.query import (
    Ask,
    Difference,
    Entities,
    HowMany,
    Node,
    Query,
    Step,
    Value,
)
from synth.search.reply import accepted_answer, reference
from synth.search.route import TOP_K, Router, Unreachable, witness
from synth.search.sketch import Sketch
from synth.search.wording import realise
from synth.search.wording.prompt import prompt

GENERATOR = "synth.search"
VERSION = "1"
AUTHORS = (Author.PROGRAM,)
MAX_HOW_MANY = 15
MAX_YEARS_APART = 60
SPLITS = ((Split.TEST, 0.05), (Split.VAL, 0.10), (Split.TRAIN, 1.0))


class Options(Record):
    """The request's options; `None` leaves the choice to the level."""

    sources: tuple[str, ...] = Field(min_length=1)
    difficulty: int | None = Field(default=None, ge=1, le=5)
    depth: int | None = Field(default=None, ge=1, le=6)
    breadth: int | None = Field(default=None, ge=1, le=4)


def catalogue() -> Catalogue:
    return Catalogue(sources=known_sources())


def prepare(options: JsonObject) -> JsonObject:
    """Completes the options: the default sources, the rest left to the level."""
    known = {"sources": list(DEFAULT_SOURCES), **options}
    try:
        made = Options.model_validate(known)
        return {**made.model_dump(mode="json"), "sources": list(resolved(made.sources))}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            names = ", ".join(Options.model_fields)
            raise UserError(f"search has no option {where!r}; its options are {names}") from error
        raise UserError(f"search option {where}: {first['msg']}, got {first['input']!r}") from error


def warm(request: Request) -> None:
    """Loads the library of the request's sources."""
    library = open_library(Options.model_validate(request.options).sources)
    library.load()


class Question(NamedTuple):
    """A finished question, before it is worded."""

    query: Query
    subjects: tuple[str, ...]
    history: tuple[tuple[str, int], ...]
    plan: Plan


def generate(request: Request, index: int) -> TaskBody | Rejection:
    """The task at `index`, or why there is none; see `synth.request.KindModule`."""
    options = Options.model_validate(request.options)
    library = open_library(options.sources)
    rng = draft_rng(request, index, GENERATOR, VERSION)
    try:
        question = compose(library, options, rng)
        return write(library, request, index, question, rng)
    except (Unfit, DeadEnd, Unreachable) as reason:
        return Rejection(str(reason) or type(reason).__name__.lower())


def compose(library: Library, options: Options, rng: Random) -> Question:
    """A query with one answer; raises `DeadEnd` or `Unfit`."""
    level = options.difficulty or rng.randint(1, 5)
    wish = plan(level, options.depth, options.breadth, rng)
    subject = _subject(library, rng)
    root = Grower(library.kb, library.nameable, partial(found_by, library), rng).grow(subject, wish)

    def too_few(node: Node, found: frozenset[str]) -> bool:
        documents = num_documents(library, Query(root=node), tuple(sorted(found)))
        return documents < MIN_DOCUMENTS[level]

    composer = Composer(library.kb, library.sets, rng, wish, library.anchors, too_few)
    composer.compose(root)
    node = root.node()
    found = tuple(sorted(library.sets.members(node)))
    if len(found) > 1:
        if any(entity not in library.nameable for entity in found):
            raise Unfit("unclear_name")
        ask: Ask = Entities()
    else:
        ask = _ask(library, root, wish, rng)
    return Question(Query(root=node, ask=ask), found, tuple(composer.history), wish)


def found_by(library: Library, entity: str, near: str) -> bool:
    """Whether the way that `Router` would take from `near` to a page that it does not name works."""
    known = library.kb.entities
    query = f"{known[near].name} {known[entity].type}"
    return library.rank(query, (entity,), TOP_K[-1]) is not None


def _subject(library: Library, rng: Random) -> str:
    """Types are drawn by the root of their size, so that small ones have their share."""
    types = sorted(library.subjects)
    if not types:
        raise Unfit("no_subjects")
    weights = [len(library.subjects[type_]) ** 0.5 for type_ in types]
    return rng.choice(library.subjects[rng.choices(types, weights=weights)[0]])


def _ask(library: Library, root: Sketch, wish: Plan, rng: Random) -> Ask:
    makers = {
        AskFor.VALUE: _ask_value,
        AskFor.COUNT: _ask_count,
        AskFor.DIFFERENCE: _ask_difference,
    }
    make = makers.get(wish.ask)
    return (make and make(library, root, rng)) or Entities()


def _unsaid(library: Library, root: Sketch, kinds: set[ValueKind]) -> list[str]:
    """Functional relations of the subject that no clue speaks of."""
    said = root.node().model_dump_json()
    return [
        relation.name
        for relation in library.kb.literals_of.get(root.type, ())
        if relation.functional
        and relation.value in kinds
        and library.kb.value(root.entity, relation.name) is not None
        and f'"{relation.name}"' not in said
    ]


def _ask_value(library: Library, root: Sketch, rng: Random) -> Ask | None:
    kinds = {ValueKind.YEAR, ValueKind.NUMBER, ValueKind.NAME}
    relations = _unsaid(library, root, kinds)
    return Value(relation=rng.choice(relations)) if relations else None


def _ask_count(library: Library, root: Sketch, rng: Random) -> Ask | None:
    said = root.node().model_dump_json()
    steps = [
        step
        for step in library.kb.steps_from.get(root.type, ())
        if 2 <= len(library.kb.neighbours(root.entity, step)) <= MAX_HOW_MANY
        and (library.kb.relations[step.relation].mutual or not step.inverse)
        and f'"count","step":{step.model_dump_json()}' not in said
    ]
    if not steps:
        return None
    step: Step = rng.choice(steps)
    return HowMany(step=step, node=Node(type=library.kb.end_type(step)))


def _ask_difference(library: Library, root: Sketch, rng: Random) -> Ask | None:
    relations = _unsaid(library, root, {ValueKind.YEAR})
    anchors = [anchor for anchor in library.anchors.get(root.type, ()) if anchor != root.entity]
    if not relations or not anchors:
        return None
    relation, anchor = rng.choice(relations), rng.choice(anchors)
    mine, theirs = library.kb.value(root.entity, relation), library.kb.value(anchor, relation)
    if (
        mine is None
        or theirs is None
        or not 1 <= abs(float(mine) - float(theirs)) <= MAX_YEARS_APART
    ):
        return None
    node = Node(type=root.type, constant=anchor)
    return Difference(relation=relation, other=relation, node=node)


def write(
    library: Library, request: Request, index: int, question: Question, rng: Random
) -> TaskBody:
    """Words the question and assembles its task; raises `Unfit` or `Unreachable`."""
    query, kb = question.query, library.kb
    text = realise(query, library.names, request.language, rng, num_answers=len(question.subjects))
    report = audit(library, query, question.subjects, text, question.plan.level)
    if report.problem:
        raise Unfit(report.problem)
    evidence = library.explainer.explain(query, question.subjects)
    route = Router(kb, library.world, library.rank).route(evidence)
    supporting = sorted(
        {
            page
            for fact in evidence.facts
            if {fact.subject, str(fact.object)}.intersection(question.subjects)
            for page in stating_pages(kb, fact)
        }.intersection(route.pages)
    )
    answer = library.sets.answer(query)
    typed, said = accepted_answer(kb, query, answer), reference(kb, query, answer)
    proof: JsonObject = {
        "query": query.model_dump(mode="json"),
        "evidence": [fact.model_dump(mode="json") for fact in evidence.facts],
        "history": [list(step) for step in question.history],
    }
    return TaskBody(
        kind=request.kind,
        language=request.language,
        split=_split(question.subjects),
        prompt=prompt(text, request.language),
        tools=TOOLS,
        env=EnvSpec(
            name=request.kind,
            version=WORLD_VERSION,
            parameters={"sources": list(library.sources), "corpus_sha256": library.sha256},
        ),
        hidden=Hidden(
            verifier={"answer": typed.model_dump(mode="json"), "supporting": list(supporting)},
            reference=said,
            witness=witness(route, said, supporting),
            proof=proof,
        ),
        difficulty=Difficulty(level=question.plan.level, measures=report.measures),
        provenance=Provenance(
            author=request.author,
            generator=GENERATOR,
            generator_version=VERSION,
            seed=request.seed,
            index=index,
            options=request.options,
            sources=library.infos,
        ),
        licence=" AND ".join(dict.fromkeys(info.licence for info in library.infos)),
        fingerprint=fingerprint(query),
    )


def _split(subjects: tuple[str, ...]) -> Split:
    """By the answer, so that no entity is the subject of tasks in two splits."""
    share = int(content_hash(list(subjects[:1]))[:8], 16) / 16**8
    return next(split for split, upto in SPLITS if share < upto)


def fingerprint(query: Query) -> str:
    """Identity of a question whatever its wording and the order of its clues."""

    def plain(value: JsonValue) -> str:
        if isinstance(value, dict):
            return "{" + ",".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "}"
        if isinstance(value, list):
            return "[" + ",".join(sorted(map(plain, value))) + "]"
        return canonical_json(value)

    return content_hash(plain(query.model_dump(mode="json")))
