"""The program author of code tasks: from a request and an index to a task, or a reason.

Deterministic in (version, request, index, sources), as far as tests are: those that end differently
from run to run are not judged. A bug is drawn first; it is labelled, hidden, measured and told, and
what fails on the way is counted by its reason.
"""

from functools import lru_cache
from typing import NamedTuple

from pydantic import Field, ValidationError

from data.errors import SourceError, UserError
from data.hashing import content_hash
from data.record import Record
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Language,
    Provenance,
    Script,
    Split,
    TaskBody,
)
from envs.code import TOOLS
from envs.code import VERSION as WORLD_VERSION
from envs.code.spec import Parameters
from envs.code.trees import agent_tree
from synth.code import difficulty, sources
from synth.code.bug import Bug, Labels
from synth.code.coverage import Coverage
from synth.code.draft import Rejected
from synth.code.intake import pinned
from synth.code.labels import fixed_tree, label, label_injected
from synth.code.moves import SUBMIT, edited
from synth.code.prompt import prompt
from synth.code.telling import Told, reproduced, tell
from synth.code.tongues import tongue
from synth.request import Catalogue, Rejection, Request, draft_rng
from verifiers.code.calibration import calibrated
from verifiers.code.spec import CodeSpec

GENERATOR = "synth.code"
VERSION = "2"
FIXED = {
    Language.EN: "Fixed: the code did something else than the issue asks for.",
    Language.ZH: "已修复：原来的代码与问题中期望的行为不一致。",
}
"""The witness's last words."""
AUTHORS = (Author.PROGRAM,)
SPLITS = ((Split.TEST, 0.05), (Split.VAL, 0.10), (Split.TRAIN, 1.0))
LEVELS = (1, 2, 2, 3, 3, 3, 4, 4, 5)
"""Difficulties to aim at where none is asked for."""
SEED_BITS = 62
HELD = 8
"""Drafts that this process remembers: a task is certified right after it was drafted."""


class Options(Record):
    """The request's options; `None` leaves the choice to chance."""

    sources: tuple[str, ...] = Field(min_length=1)
    difficulty: int | None = Field(default=None, ge=1, le=5)
    projects: tuple[str, ...] = ()
    """To draw from, where a source has several; all if empty."""


class Draft(NamedTuple):
    bug: Bug
    labels: Labels
    parameters: Parameters
    told: Told
    spec: CodeSpec
    measures: dict[str, float]
    level: int


def catalogue() -> Catalogue:
    return Catalogue(sources=sources.SOURCES, environments=len(pinned()))


def prepare(options: JsonObject) -> JsonObject:
    """Completes the options and checks that what they name is known; loads nothing."""
    given = {"sources": list(sources.DEFAULT_SOURCES), **options}
    try:
        made = Options.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            names = ", ".join(Options.model_fields)
            raise UserError(f"code has no option {where!r}; its options are {names}") from error
        raise UserError(f"code option {where}: {first['msg']}, got {first['input']!r}") from error
    known = list(dict.fromkeys(map(sources.known, made.sources)))
    projects = sorted({name for source in known for name in sources.projects(source)})
    for project in made.projects:
        if project not in projects:
            raise SourceError(f"no project {project!r}; projects are {', '.join(projects)}")
    return {**made.model_dump(mode="json"), "sources": list(known)}


def warm(request: Request) -> None:
    """Reads the histories that the request names, before workers part; `SourceError` if one is of no use.

    A project is prepared by the first draft that draws it, and kept on disk.
    """
    sources.warm(Options.model_validate(request.options).sources)


def generate(request: Request, index: int) -> TaskBody | Rejection:
    """The task at `index`, or why there is none; see `synth.request.KindModule`."""
    try:
        return body(request, index, draft(request, index))
    except Rejected as reason:
        return Rejection(str(reason))


def draft(request: Request, index: int) -> Draft:
    """Raises `Rejected`. The last few are remembered, for their runs take seconds."""
    found = drafted(request.model_dump_json(), index)
    if isinstance(found, Rejected):
        raise found
    return found


@lru_cache(maxsize=HELD)
def drafted(request_json: str, index: int) -> Draft | Rejected:
    try:
        return _draft(Request.model_validate_json(request_json), index)
    except Rejected as reason:
        return reason


def _draft(request: Request, index: int) -> Draft:
    options = Options.model_validate(request.options)
    rng = draft_rng(request, index, GENERATOR, VERSION)
    wanted = options.difficulty or rng.choice(LEVELS)
    source = rng.choice(options.sources)
    try:
        turn = index // len(options.sources)
        drawn = sources.draw(source, options.projects, wanted, rng, turn)
    except SourceError as error:
        reason = str(error).partition(":")[0]
        if not reason.isidentifier():
            # An index that does not answer says nothing about a project.
            raise
        raise Rejected(reason) from error
    bug, placed = drawn.bug, drawn.placed
    if placed:
        # What is cheap and refuses most comes first: the labels cost more than all before them.
        noticed = tuple(sorted(set().union(*placed.noticed)))
        if drawn.coverage is not None:
            _levelled(bug, Labels(fail_to_pass=noticed), drawn.coverage, options.difficulty)
        shown = reproduced(bug, noticed, placed.noticed)
        labels = label_injected(bug, placed)
    else:
        labels = label(bug)
        shown = reproduced(bug, labels.fail_to_pass)
    measures, level = _levelled(bug, labels, drawn.coverage, options.difficulty)
    parameters = parameters_of(bug, labels)
    told = tell(bug, labels, shown, request.language, rng)
    spec = spec_of(bug, labels, parameters, told, rng.getrandbits(SEED_BITS))
    return Draft(bug, labels, parameters, told, spec, measures, level)


def _levelled(
    bug: Bug, labels: Labels, coverage: Coverage | None, wanted: int | None
) -> tuple[dict[str, float], int]:
    """Measures and level; raises `Rejected` for another than the `wanted` one."""
    measures = difficulty.measure(bug, labels, coverage)
    level = difficulty.level(measures)
    if wanted not in (None, level):
        raise Rejected("another_difficulty")
    return measures, level


def parameters_of(bug: Bug, labels: Labels) -> Parameters:
    """The agent's world: with the bug, without the tests that show it; raises `Rejected`."""
    hidden = tongue(bug.toolchain).hide(fixed_tree(bug), bug.modules, labels.fail_to_pass)
    return Parameters(
        origin=bug.origin,
        tree_sha256=bug.tree_sha256,
        toolchain=bug.toolchain,
        sources=bug.sources,
        removed=(*bug.removed, *hidden.removed),
        overlay={**bug.buggy, **hidden.cut},
    )


def spec_of(bug: Bug, labels: Labels, parameters: Parameters, told: Told, seed: int) -> CodeSpec:
    """What attempts are judged by; projects with slow tests were refused before."""
    spec = CodeSpec(
        tests=bug.tests,
        modules=bug.modules,
        fail_to_pass=labels.fail_to_pass,
        pass_to_pass=labels.pass_to_pass,
        probes=told.probes,
        seed=seed,
    )
    return calibrated(spec, parameters, bug.gold).spec


def body(request: Request, index: int, made: Draft) -> TaskBody:
    bug, told = made.bug, made.told
    agents = agent_tree(made.parameters)
    return TaskBody(
        kind=request.kind,
        language=request.language,
        split=_split(bug),
        prompt=prompt(told.title, told.body, bug.toolchain.command, bug.sources, request.language),
        tools=TOOLS,
        env=EnvSpec(
            name=request.kind,
            version=WORLD_VERSION,
            parameters=made.parameters.model_dump(mode="json"),
        ),
        hidden=Hidden(
            verifier=made.spec.model_dump(mode="json"),
            reference={"files": dict(bug.gold)},
            witness=Script(
                calls=(*edited(agents, bug.gold), SUBMIT), answer=FIXED[request.language]
            ),
            proof={"story": bug.story.model_dump(mode="json"), "flaky": list(made.labels.flaky)},
        ),
        difficulty=Difficulty(level=made.level, measures=made.measures),
        provenance=Provenance(
            author=request.author,
            generator=GENERATOR,
            generator_version=VERSION,
            seed=request.seed,
            index=index,
            options=request.options,
            sources=(bug.licence,),
        ),
        licence=bug.licence.licence,
        fingerprint=content_hash([bug.tree_sha256, bug.buggy, bug.gold]),
    )


def _split(bug: Bug) -> Split:
    """By the project, so that no project is in two splits."""
    share = int(content_hash(bug.origin.project)[:8], 16) / 16**8
    return next(split for split, upto in SPLITS if share < upto)
