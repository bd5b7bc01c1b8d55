"""A plan at work: the answer on an edition by both engines, other editions, near misses."""

import csv
import io
from random import Random
from typing import NamedTuple

from pydantic import JsonValue

from envs.interpreter.files import data_file, file_bytes
from envs.interpreter.files.dirt import soiled
from envs.interpreter.files.recipe import (
    Dirt,
    Recipe,
    TableRecipe,
    TextRecipe,
)
from envs.interpreter.files.sample import clean_table
from envs.interpreter.files.tables import Cell, Table
from synth.interpreter import cleaning, mutate
from synth.interpreter.algebra import Pipeline, Top
from synth.interpreter.catalogue import MEASURES, Role
from synth.interpreter.draft import Edition, Rejected, answer_spec
from synth.interpreter.engines import Sql, Undefined, by_pandas, same
from synth.interpreter.pandas_code import lowered
from synth.interpreter.plan import Plan
from synth.interpreter.shapes import Form
from synth.interpreter.statement import NOTES
from verifiers.answers import AnswerSpec, matches
from verifiers.figures import Chart

HIDDEN_TRIES = 5


SHAKE = 0.4


MAX_MARKS = 40
"""Of a figure."""


class Computed(NamedTuple):
    recipes: tuple[tuple[str, Recipe], ...]
    tables: dict[str, Table]
    value: JsonValue


def computed(plan: Plan, recipes: tuple[tuple[str, Recipe], ...]) -> Computed:
    """The answer on an edition, by both engines; raises `Rejected` unless they agree."""
    tables = {name: _clean(recipe) for name, recipe in recipes if name != NOTES}
    data = {name: file_bytes(recipe) for name, recipe in recipes}
    try:
        with Sql(tables) as base:
            by_sql = base.answer(plan.pipeline)
        by_frames = by_pandas(plan.readings, plan.pipeline, data)
    except Undefined as error:
        raise Rejected(f"undefined_{error}") from error
    if (plan.asked.form is Form.SET or _points(plan)) and isinstance(by_sql, list):
        assert isinstance(by_frames, list)
        by_sql, by_frames = sorted(by_sql, key=_fold), sorted(by_frames, key=_fold)
    if not same(by_sql, by_frames):
        raise Rejected("engines_disagree")
    return Computed(recipes, tables, typed(plan, by_sql))


def _fold(value: JsonValue) -> str:
    return str(value).casefold()


def _clean(recipe: Recipe) -> Table:
    if isinstance(recipe, TextRecipe):
        return _small_table(recipe.content.decode())
    return clean_table(recipe)


def _small_table(text: str) -> Table:
    """The table of an extra file of ours."""
    header, *body = csv.reader(io.StringIO(text))
    columns = [_cells(column) for column in zip(*body, strict=True)]
    return Table(tuple(header), tuple(columns))


def _cells(texts: tuple[str, ...]) -> list[Cell]:
    """A column as pandas reads it: whole numbers if all are, else numbers, else text."""
    for kind in (int, float):
        try:
            return [kind(text) for text in texts]
        except ValueError:
            continue
    return list(texts)


def typed(plan: Plan, value: JsonValue) -> JsonValue:
    if plan.asked.form is Form.INTEGER and isinstance(value, float) and value == int(value):
        return int(value)
    return value


def spec_of(plan: Plan, value: JsonValue) -> AnswerSpec:
    form = plan.asked.form
    table = plan.asked.parts if form in (Form.TABLE, Form.FIGURE) else ()
    ordered = form is not Form.SET and not _points(plan)
    unit = plan.asked.unit if form is Form.NUMBER else ""
    return answer_spec(value, unit=unit, table=table, ordered=ordered)


def _points(plan: Plan) -> bool:
    figure = plan.asked.figure
    return figure is not None and figure.chart is Chart.POINTS


def check_value(plan: Plan, shown: Computed) -> None:
    value, form = shown.value, plan.asked.form
    spec_of(plan, value)
    if form is Form.INTEGER and isinstance(value, int) and value < 2:
        raise Rejected("trivial")
    if plan.asked.unit in ("percent", "%") and value in (0, 100):
        raise Rejected("trivial")
    if isinstance(value, list):
        wanted = next((s.k for s in plan.pipeline.steps if isinstance(s, Top)), 0)
        if form in (Form.LIST, Form.TABLE) and len(value) != wanted:
            raise Rejected("too_few")
        if form is Form.FIGURE and not 3 <= len(value) <= MAX_MARKS:
            raise Rejected("marks")
        if form is Form.SET and not 2 <= len(value) <= 15:
            raise Rejected("set_size")


def idle_part(plan: Plan, shown: Computed) -> str:
    """Which part of the question does nothing; empty if all matter."""
    with Sql(shown.tables) as base:
        for mutant in mutate.dropped(plan.pipeline):
            if _same_answer(base, mutant.pipeline, shown.value):
                return "idle_condition"
    for label, value in _misreadings(plan, shown):
        if value is not None and same(value, shown.value, 1e-3):
            return f"idle_dirt_{label}"
    return ""


def _same_answer(base: Sql, pipeline: Pipeline, value: JsonValue) -> bool:
    try:
        return same(base.answer(pipeline), value, 1e-3)
    except Undefined:
        return False


def _misreadings(plan: Plan, shown: Computed) -> list[tuple[str, JsonValue]]:
    """The answer of a reader who undoes one kind of dirt wrongly; None where there is none."""
    main = plan.recipes[0][1]
    assert isinstance(main, TableRecipe)
    if not main.dirt:
        return []
    dirty = soiled(shown.tables[plan.pipeline.file], main.dirt, main.sample.seed)
    folded = tuple(step.column for step in main.dirt if step.dirt is Dirt.SPACES)
    found: list[tuple[str, JsonValue]] = []
    for number, step in enumerate(main.dirt):
        table = cleaning.restored(dirty, main.dirt, misread=number)
        with Sql({**shown.tables, plan.pipeline.file: table}) as base:
            try:
                found.append((step.dirt.value, base.answer(lowered(plan.pipeline, folded))))
            except Undefined:
                found.append((step.dirt.value, None))
    return found


def hidden_edition(plan: Plan, shown: Computed, rng: Random) -> Computed:
    """Other data of the same shape with another answer."""
    reason = "hidden_same"
    for _ in range(HIDDEN_TRIES):
        main = plan.recipes[0][1]
        assert isinstance(main, TableRecipe)
        seed = f"{rng.getrandbits(64):016x}"
        sample = main.sample.model_copy(update={"seed": seed, "shake": SHAKE})
        other = main.model_copy(update={"sample": sample})
        if any(step.dirt is Dirt.DUPLICATES for step in main.dirt):
            table = clean_table(other)
            if len(set(table.rows())) < table.num_rows:
                continue
        try:
            found = computed(plan, ((plan.recipes[0][0], other), *plan.recipes[1:]))
            check_value(plan, found)
            if not matches(spec_of(plan, found.value), shown.value):
                return found
        except Rejected as why:
            reason = f"hidden_{why}"
    raise Rejected(reason)


def edition(computed: Computed) -> Edition:
    files = tuple(data_file(name, recipe) for name, recipe in computed.recipes)
    return Edition(files, computed.value)


def near_misses(plan: Plan, shown: Computed) -> list[tuple[str, JsonValue]]:
    """Answers of mutated pipelines and of careless readers, those that are wrong."""
    measures = [c.name for c in plan.info.columns if c.role in MEASURES]
    groups = [c.name for c in plan.info.columns if c.role is Role.GROUP]
    own = shown.tables[plan.pipeline.file].names
    measures = [name for name in measures if name in own]
    groups = [name for name in groups if name in own]
    found: list[tuple[str, JsonValue]] = [
        (label, v) for label, v in _misreadings(plan, shown) if v is not None
    ]
    with Sql(shown.tables) as base:
        every = [*mutate.dropped(plan.pipeline), *mutate.mutants(plan.pipeline, measures, groups)]
        for mutant in every:
            value = _try(base, mutant.pipeline)
            if value is not None:
                found.append((mutant.label, typed(plan, value)))
    return found


def _try(base: Sql, pipeline: Pipeline) -> JsonValue:
    try:
        return base.answer(pipeline)
    except Undefined:
        return None
