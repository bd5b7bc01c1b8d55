"""A question about a table before it is computed: shape, conditions, files, pipeline, level."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from data.task import Language
from envs.interpreter.files.recipe import (
    FactsRecipe,
    Format,
    Recipe,
    TableRecipe,
    TextRecipe,
)
from envs.interpreter.files.sample import clean_table
from synth.interpreter.algebra import Fill, Join, Keep, Known, Pipeline, Stat, Step
from synth.interpreter.catalogue import Facts, Role, TableInfo
from synth.interpreter.draft import Rejected
from synth.interpreter.engines import Reading
from synth.interpreter.phrases import ROWS, Condition, all_of, condition, rows
from synth.interpreter.sampling import joined_table, lookup_of, recipe_of, sample_of, suffix
from synth.interpreter.shapes import Asked, Shape
from synth.interpreter.soiling import dirt_for
from synth.interpreter.statement import NOTES, notes_text
from synth.interpreter.view import Unsuited, View

MIN_ROWS = 40


TRIES = 40
"""Shapes tried on a table before it is given up."""


NOT_TOLD = 0.35
"""Share of tasks with dirt whose notes stand in a file beside the data."""


HARD_FINALS = {"slope": 2, "corr": 2, "ratio": 2, "coef": 3}
"""Statistics of several columns count for more than one operator."""


LEVELS = (3, 4, 6, 8)
"""Most effort of levels 1 to 4."""


@dataclass(frozen=True)
class Plan:
    """A question before it is computed."""

    info: TableInfo
    view: View
    asked: Asked
    conditions: tuple[Condition, ...]
    pipeline: Pipeline
    recipes: tuple[tuple[str, Recipe], ...]
    """File names and recipes of the shown edition, the main table first."""
    readings: tuple[Reading, ...]
    notes_file: bool
    level: int
    drops_missing: bool


def planned(
    info: TableInfo, rng: Random, language: Language, level: int, shapes: Sequence[Shape]
) -> Plan:
    joined = rng.choice(info.facts) if info.facts and rng.random() < 0.7 else None
    sample = sample_of(info, rng)
    form = rng.choice(
        [Format.CSV] * 5
        + [Format.SEMICOLON, Format.TSV, Format.JSONL, Format.PARQUET, Format.SQLITE]
    )
    name = f"{info.file}.{suffix(form)}"
    recipe = recipe_of(info, sample, form)
    try:
        clean = clean_table(recipe)
    except (ValueError, KeyError) as error:
        raise Rejected("table") from error
    if clean.num_rows < MIN_ROWS:
        raise Rejected("small_table")
    lookup = lookup_of(info, joined) if joined else None
    seen = joined_table(clean, joined, clean_table(lookup)) if joined and lookup else clean
    described = info._replace(columns=(*info.columns, *(joined.columns if joined else ())))
    for _ in range(TRIES):
        view = View(described, seen, language, rng)
        shape = rng.choice(shapes)
        try:
            asked = shape(view)
            conditions = _conditions(view, asked, rng)
        except Unsuited:
            continue
        plan = _plan(view, asked, conditions, joined, lookup, name, recipe, rng)
        if plan.level == level:
            return plan
    raise Rejected("no_shape")


def _conditions(view: View, asked: Asked, rng: Random) -> list[Condition]:
    wanted = min(asked.conditions, rng.choice((0, 1, 1, 2, 2, 3)))
    found = []
    for _ in range(wanted):
        try:
            found.append(condition(view, 0.3, 0.85))
        except Unsuited:
            break
    if len(found) < wanted and ROWS not in asked.text:
        raise Unsuited("condition")
    return found


def _plan(
    view: View,
    asked: Asked,
    conditions: list[Condition],
    joined: Facts | None,
    lookup: FactsRecipe | None,
    name: str,
    recipe: TableRecipe,
    rng: Random,
) -> Plan:
    used = [column for column in view.table.names if column in view.used]
    steps: list[Step] = []
    files: list[tuple[str, Recipe]] = []
    if joined and lookup and any(column.name in view.used for column in joined.columns):
        file = f"{joined.file}.csv"
        steps.append(Join(file, joined.key))
        files.append((file, lookup))
        if joined.key not in used:
            used.append(joined.key)
    missing = [
        column
        for column in used
        if column not in asked.keeps_missing and None in view.table.column(column)
    ]
    dirt = dirt_for(view, used, recipe, joined, rng)
    known = Known(tuple(missing))
    if missing:
        steps.append(Keep(known))
    steps += view.adds
    if conditions:
        steps.append(Keep(all_of(conditions)))
    steps += asked.steps
    files += [(extra.name, TextRecipe.of(extra.text)) for extra in asked.extra]
    recipe = recipe.model_copy(update={"dirt": tuple(dirt)})
    dates = tuple(c.name for c in view.info.columns if c.role is Role.DATE and c.name in used)
    readings = (
        Reading(name, recipe.format, dates, tuple(dirt)),
        *(Reading(file, Format.CSV) for file, _ in files),
    )
    notes_file = bool(dirt) and rng.random() < NOT_TOLD
    beside: list[tuple[str, Recipe]] = []
    if notes_file:
        text = notes_text(recipe.dirt, view.language)
        beside.append((NOTES, TextRecipe.of(text)))
    pipeline = Pipeline(name, tuple(steps), asked.final)
    effort = effort_of(pipeline, readings, tuple(conditions), notes_file)
    return Plan(
        info=view.info,
        view=view,
        asked=asked,
        conditions=tuple(conditions),
        pipeline=pipeline,
        recipes=((name, recipe), *files, *beside),
        readings=readings,
        notes_file=notes_file,
        level=1 + sum(effort > limit for limit in LEVELS),
        drops_missing=bool(missing),
    )


def effort_of(
    pipeline: Pipeline,
    readings: tuple[Reading, ...],
    conditions: tuple[Condition, ...],
    notes_file: bool,
) -> int:
    """Operators that somebody has to write: conditions one by one, and the cleaning."""
    steps = [s for s in pipeline.steps if not isinstance(s, Keep) or not isinstance(s.where, Known)]
    final = pipeline.final
    hard = HARD_FINALS.get(final.fn, 1) if isinstance(final, Stat) else 1
    filled = any(isinstance(step, Fill) for step in steps)
    operators = len(steps) - bool(conditions) + len(conditions) + hard + filled
    return operators + len(readings[0].dirt) + len(readings) - 1 + notes_file


def question(plan: Plan) -> str:
    return plan.asked.text.replace(ROWS, rows(plan.view, list(plan.conditions)))
