"""A question about a real table: chooses it, soils it, asks it, and computes it twice."""

import csv
import io
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, NamedTuple

from pydantic import JsonValue

from data.task import JsonObject, Language, Source
from envs.interpreter.files import data_file, file_bytes
from envs.interpreter.files.dirt import soiled
from envs.interpreter.files.recipe import (
    ColumnPick,
    Dirt,
    DirtStep,
    FactsRecipe,
    Format,
    Recipe,
    Sample,
    TableRecipe,
    TextRecipe,
)
from envs.interpreter.files.sample import clean_table
from envs.interpreter.files.tables import Cell, Table, source_hash, source_table, source_version
from synth.interpreter import cleaning, licences, mutate
from synth.interpreter.algebra import Fill, Join, Keep, Known, Pipeline, Stat, Step, Top
from synth.interpreter.catalogue import MEASURES, Facts, Role, TableInfo
from synth.interpreter.draft import Draft, Edition, Rejected, answer_spec
from synth.interpreter.engines import Reading, Sql, Undefined, by_pandas, cells, same, sql_cells
from synth.interpreter.phrases import ROWS, Condition, all_of, condition, rows
from synth.interpreter.prompt import form_words
from synth.interpreter.shapes import SHAPES, Asked, Form
from synth.interpreter.statement import NOTES, notes_text, statement
from synth.interpreter.view import Unsuited, View
from synth.parts import Finding

MAX_ROWS = 1200
MIN_ROWS = 40
TRIES = 40
"""Shapes tried on a table before it is given up."""
HIDDEN_TRIES = 5
SHAKE = 0.4
MAX_COUNTED = 60
"""Different texts up to which `value_counts` is read."""
SENTINELS = ("-99", "-999", "-9999", "9999", "99999")
NOT_TOLD = 0.35
"""Share of tasks with dirt whose notes stand in a file beside the data."""
HARD_FINALS = {"slope": 2, "corr": 2, "ratio": 2, "coef": 3}
"""Statistics of several columns count for more than one operator."""
LEVELS = (2, 4, 6, 8)
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


class Computed(NamedTuple):
    recipes: tuple[tuple[str, Recipe], ...]
    tables: dict[str, Table]
    value: JsonValue


def draft(info: TableInfo, rng: Random, language: Language, level: int) -> Draft:
    """Raises `Rejected`."""
    plan = _planned(info, rng, language, level)
    shown = _computed(plan, plan.recipes)
    spec = partial(_spec, plan)
    _check_value(plan, shown)
    idle = _idle(plan, shown)
    if idle:
        raise Rejected(idle)
    hidden = _hidden(plan, shown, rng)
    if _shortcut(plan, shown, hidden).problem:
        raise Rejected("trivial_aggregate")
    other = sql_cells(plan.readings, plan.pipeline)
    effort = _effort(plan.pipeline, plan.readings, plan.conditions, plan.notes_file)
    source = plan.info.source
    return Draft(
        family=f"data:{plan.asked.form}",
        text=statement(
            plan.view,
            plan.asked,
            plan.recipes,
            _question(plan),
            plan.notes_file,
            plan.readings[0].dirt,
            plan.drops_missing,
        ),
        form=form_words(plan.asked.form, plan.asked.unit, plan.asked.parts, language),
        shown=_edition(shown),
        hidden=(_edition(hidden),),
        spec=spec,
        witness=cells(plan.readings, plan.pipeline),
        others=(("DuckDB", other),),
        near=partial(_near, plan, shown),
        shortcut=partial(_shortcut, plan, shown, hidden),
        evidence={"engines": ["pandas", "duckdb"], "editions": 2},
        level=plan.level,
        measures={
            "steps": float(effort),
            "tables": float(len(plan.readings)),
            "dirt": float(len(plan.readings[0].dirt)),
            "rows": float(shown.tables[plan.pipeline.file].num_rows),
        },
        fingerprint=plan.pipeline.fingerprint(source),
        sources=(
            Source(
                name=source,
                version=source_version(source),
                licence=licences.licence(source),
                sha256=source_hash(source),
            ),
        ),
    )


def _planned(info: TableInfo, rng: Random, language: Language, level: int) -> Plan:
    joined = rng.choice(info.facts) if info.facts and rng.random() < 0.7 else None
    sample = _sample(info, rng)
    form = rng.choice(
        [Format.CSV] * 5
        + [Format.SEMICOLON, Format.TSV, Format.JSONL, Format.PARQUET, Format.SQLITE]
    )
    name = f"{info.file}.{_suffix(form)}"
    recipe = _recipe(info, sample, form)
    try:
        clean = clean_table(recipe)
    except (ValueError, KeyError) as error:
        raise Rejected("table") from error
    if clean.num_rows < MIN_ROWS:
        raise Rejected("small_table")
    lookup = _lookup(info, joined) if joined else None
    seen = _joined_table(clean, joined, clean_table(lookup)) if joined and lookup else clean
    described = info._replace(columns=(*info.columns, *(joined.columns if joined else ())))
    for _ in range(TRIES):
        view = View(described, seen, language, rng)
        shape = rng.choice(SHAPES)
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
    dirt = _dirt(view, used, recipe, joined, rng)
    known = Known(tuple(missing))
    if missing:
        steps.append(Keep(known))
    steps += view.adds
    if conditions:
        steps.append(Keep(all_of(conditions)))
    steps += asked.steps
    files += [(extra.name, TextRecipe(text=extra.text)) for extra in asked.extra]
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
        beside.append((NOTES, TextRecipe(text=text)))
    pipeline = Pipeline(name, tuple(steps), asked.final)
    effort = _effort(pipeline, readings, tuple(conditions), notes_file)
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


def _effort(
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


def _sample(info: TableInfo, rng: Random) -> Sample:
    num_rows = source_table(info.source).num_rows
    share = rng.uniform(0.75, 0.92)
    wanted = min(round(num_rows * share), rng.randint(300, MAX_ROWS))
    seed = f"{rng.getrandbits(64):016x}"
    if info.panel:
        return Sample(seed=seed, rows=wanted, by=info.column(info.panel[0]).source)
    return Sample(seed=seed, rows=wanted, span=bool(info.series))


def _recipe(info: TableInfo, sample: Sample, form: Format) -> TableRecipe:
    picks = tuple(ColumnPick(source=c.source, name=c.name) for c in info.columns)
    fixed = {Role.ID, Role.KEY}
    times = {info.series, *(info.panel or ())}
    keys = {facts.key for facts in info.facts}
    loose = tuple(
        c.source
        for c in info.columns
        if c.role not in fixed and c.name not in times and c.name not in keys
    )
    sample = sample.model_copy(update={"loose": loose})
    return TableRecipe(source=info.source, columns=picks, sample=sample, format=form)


def _lookup(info: TableInfo, facts: Facts) -> FactsRecipe:
    key = info.column(facts.key)
    return FactsRecipe(
        source=info.source,
        key=ColumnPick(source=key.source, name=key.name),
        columns=tuple(ColumnPick(source=c.source, name=c.name) for c in facts.columns),
    )


def _joined_table(table: Table, facts: Facts, lookup: Table) -> Table:
    """The table with the columns of the lookup beside, as a question writer sees it."""
    rows_of = {row[0]: row[1:] for row in lookup.rows()}
    nothing = (None,) * len(facts.columns)
    found = [rows_of.get(key, nothing) for key in table.column(facts.key)]
    columns = tuple(list(column) for column in zip(*found, strict=True))
    return Table((*table.names, *lookup.names[1:]), (*table.columns, *columns))


def _suffix(form: Format) -> str:
    return {Format.SEMICOLON: "csv", Format.SQLITE: "db"}.get(form, form.value)


def _dirt(
    view: View, used: list[str], recipe: TableRecipe, joined: Facts | None, rng: Random
) -> list[DirtStep]:
    """Up to three steps on columns that the question uses; duplicates come last."""
    if recipe.format in (Format.SEMICOLON, Format.PARQUET, Format.SQLITE):
        return []
    wanted = rng.choice((0, 0, 0, 1, 1, 2, 2, 3))
    own = [name for name in used if name in view.table.names and not _is_fact(name, joined)]
    makers = [_sentinel, _thousands, _units, _dates, _spaces]
    steps: list[DirtStep] = []
    rng.shuffle(makers)
    for make in makers:
        free = [name for name in own if name not in {step.column for step in steps}]
        step = make(view, free, rng) if len(steps) < wanted else None
        if step:
            steps.append(step)
    distinct = len(set(view.table.rows())) == view.table.num_rows
    if len(steps) < wanted and distinct:
        steps.append(DirtStep(dirt=Dirt.DUPLICATES))
    return steps


def _is_fact(name: str, joined: Facts | None) -> bool:
    return joined is not None and (
        name == joined.key or any(column.name == name for column in joined.columns)
    )


def _sentinel(view: View, free: list[str], rng: Random) -> DirtStep | None:
    for name in free:
        column = view.column(name)
        if column.role in MEASURES and None in view.table.column(name):
            numbers = view.numbers(name)
            codes = [
                code
                for code in SENTINELS
                if not min(numbers) <= float(code) <= max(numbers) and float(code) not in numbers
            ]
            if codes:
                return DirtStep(dirt=Dirt.SENTINEL, column=name, code=rng.choice(codes[:3]))
    return None


def _thousands(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [
        name
        for name in free
        if view.column(name).role in MEASURES
        and sum(abs(n) >= 1000 for n in view.numbers(name)) / view.table.num_rows >= 0.1
    ]
    return DirtStep(dirt=Dirt.THOUSANDS, column=rng.choice(able)) if able else None


def _units(view: View, free: list[str], rng: Random) -> DirtStep | None:
    from synth.interpreter.units import SYMBOLS

    able = [name for name in free if view.column(name).unit.en in SYMBOLS]
    if not able:
        return None
    name = rng.choice(able)
    unit, other, factor = SYMBOLS[view.column(name).unit.en]
    return DirtStep(dirt=Dirt.UNITS, column=name, unit=unit, other=other, factor=factor)


def _dates(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [name for name in free if view.column(name).role is Role.DATE]
    return DirtStep(dirt=Dirt.DATES, column=rng.choice(able)) if able else None


def _spaces(view: View, free: list[str], rng: Random) -> DirtStep | None:
    able = [
        name
        for name in free
        if view.column(name).role is Role.GROUP and _plain_labels(view.distinct(name))
    ]
    return DirtStep(dirt=Dirt.SPACES, column=rng.choice(able)) if able else None


def _plain_labels(labels: list[Cell]) -> bool:
    texts = [label for label in labels if isinstance(label, str)]
    folded = {text.lower() for text in texts}
    clear = all(
        text.isascii() and not text.strip().lstrip("-").replace(".", "").isdigit() for text in texts
    )
    return len(texts) == len(labels) == len(folded) and clear and len(texts) <= 60


def _question(plan: Plan) -> str:
    return plan.asked.text.replace(ROWS, rows(plan.view, list(plan.conditions)))


def _computed(plan: Plan, recipes: tuple[tuple[str, Recipe], ...]) -> Computed:
    """The answer on an edition, by both engines; raises `Rejected` unless they agree."""
    tables = {name: _clean(recipe) for name, recipe in recipes if name != NOTES}
    data = {name: file_bytes(recipe) for name, recipe in recipes}
    try:
        with Sql(tables) as base:
            by_sql = base.answer(plan.pipeline)
        by_frames = by_pandas(plan.readings, plan.pipeline, data)
    except Undefined as error:
        raise Rejected(f"undefined_{error}") from error
    if plan.asked.form is Form.SET and isinstance(by_sql, list) and isinstance(by_frames, list):
        by_sql, by_frames = sorted(by_sql, key=_fold), sorted(by_frames, key=_fold)
    if not same(by_sql, by_frames):
        raise Rejected("engines_disagree")
    return Computed(recipes, tables, _typed(plan, by_sql))


def _fold(value: JsonValue) -> str:
    return str(value).casefold()


def _clean(recipe: Recipe) -> Table:
    if isinstance(recipe, TextRecipe):
        return _small_table(recipe.text)
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


def _typed(plan: Plan, value: JsonValue) -> JsonValue:
    if plan.asked.form is Form.INTEGER and isinstance(value, float) and value == int(value):
        return int(value)
    return value


def _spec(plan: Plan, value: JsonValue):  # type: ignore[no-untyped-def]
    form = plan.asked.form
    table = plan.asked.parts if form is Form.TABLE else ()
    unit = plan.asked.unit if form is Form.NUMBER else ""
    return answer_spec(value, unit=unit, table=table, ordered=form is not Form.SET)


def _check_value(plan: Plan, shown: Computed) -> None:
    value, form = shown.value, plan.asked.form
    _spec(plan, value)
    if form is Form.INTEGER and isinstance(value, int) and value < 2:
        raise Rejected("trivial")
    if plan.asked.unit in ("percent", "%") and value in (0, 100):
        raise Rejected("trivial")
    if isinstance(value, list):
        wanted = next((s.k for s in plan.pipeline.steps if isinstance(s, Top)), 0)
        if form in (Form.LIST, Form.TABLE) and len(value) != wanted:
            raise Rejected("too_few")
        if form is Form.SET and not 2 <= len(value) <= 15:
            raise Rejected("set_size")


def _idle(plan: Plan, shown: Computed) -> str:
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
    from synth.interpreter.pandas_code import lowered

    found: list[tuple[str, JsonValue]] = []
    for number, step in enumerate(main.dirt):
        table = cleaning.restored(dirty, main.dirt, misread=number)
        with Sql({**shown.tables, plan.pipeline.file: table}) as base:
            try:
                found.append((step.dirt.value, base.answer(lowered(plan.pipeline, folded))))
            except Undefined:
                found.append((step.dirt.value, None))
    return found


def _hidden(plan: Plan, shown: Computed, rng: Random) -> Computed:
    """Other data of the same shape with another answer."""
    from verifiers.answers import matches

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
            found = _computed(plan, ((plan.recipes[0][0], other), *plan.recipes[1:]))
            _check_value(plan, found)
            if not matches(_spec(plan, found.value), shown.value):
                return found
        except Rejected as why:
            reason = f"hidden_{why}"
    raise Rejected(reason)


def _edition(computed: Computed) -> Edition:
    files = tuple(data_file(name, recipe) for name, recipe in computed.recipes)
    return Edition(files, computed.value)


def _near(plan: Plan, shown: Computed) -> list[tuple[str, JsonValue]]:
    """Answers of mutated pipelines and of careless readers, those that are wrong."""
    measures = [c.name for c in plan.info.columns if c.role in MEASURES]
    groups = [c.name for c in plan.info.columns if c.role is Role.GROUP]
    own = shown.tables[plan.pipeline.file].names
    measures = [name for name in measures if name in own]
    groups = [name for name in groups if name in own]
    found = [(label, v) for label, v in _misreadings(plan, shown) if v is not None]
    with Sql(shown.tables) as base:
        every = [*mutate.dropped(plan.pipeline), *mutate.mutants(plan.pipeline, measures, groups)]
        for mutant in every:
            value = _try(base, mutant.pipeline)
            if value is not None:
                found.append((mutant.label, _typed(plan, value)))
    return found


def _try(base: Sql, pipeline: Pipeline) -> JsonValue:
    import duckdb

    try:
        return base.answer(pipeline)
    except (Undefined, duckdb.BinderException, duckdb.ConversionException):
        # A column swapped for one of another type, or without values: no answer at all.
        return None


def _shortcut(plan: Plan, shown: Computed, hidden: Computed) -> Finding:
    """No single look at the raw table gives the answer, on both editions."""
    first = _trivial(shown.tables[plan.pipeline.file])
    second = _trivial(hidden.tables[plan.pipeline.file])
    evidence: JsonObject = {"aggregates": len(first), "steps": len(plan.pipeline.steps)}
    for mine, other in zip(_numbers(shown.value), _numbers(hidden.value), strict=False):
        for name, value in first.items():
            if same(mine, value, 1e-4) and same(other, second.get(name), 1e-4):
                return Finding("trivial_aggregate", {**evidence, "aggregate": name})
    return Finding("", evidence)


def _numbers(value: JsonValue) -> list[float]:
    match value:
        case bool() | str() | None:
            return []
        case int() | float():
            return [float(value)]
        case list():
            return [number for one in value for number in _numbers(one)]
    return []


def _trivial(table: Table) -> dict[str, float]:
    """What `describe`, `sum`, `nunique`, `value_counts`, `corr` and `len` say of the raw table."""
    import numpy

    found: dict[str, float] = {"rows": table.num_rows}
    numeric: dict[str, Any] = {}
    for name, column in zip(table.names, table.columns, strict=True):
        known = [cell for cell in column if cell is not None]
        found[f"count {name}"] = len(known)
        found[f"nunique {name}"] = len(set(known))
        numbers = [cell for cell in known if isinstance(cell, int | float)]
        if numbers:
            array = numpy.array(numbers, dtype=float)
            quarters = numpy.quantile(array, (0, 0.25, 0.5, 0.75, 1)).tolist()
            found |= {f"quarter {n} {name}": value for n, value in enumerate(quarters)}
            found |= {f"sum {name}": float(array.sum()), f"mean {name}": float(array.mean())}
            if len(numbers) > 1:
                found[f"std {name}"] = float(array.std(ddof=1))
            if len(numbers) == table.num_rows:
                numeric[name] = array
        elif len(set(known)) <= MAX_COUNTED:
            counts = {cell: known.count(cell) for cell in set(known)}
            found |= {f"{name} = {cell}": count for cell, count in counts.items()}
            whole = table.num_rows / 100
            found |= {f"share {name} = {cell}": count / whole for cell, count in counts.items()}
    if len(numeric) > 1 and table.num_rows > 2:
        with numpy.errstate(all="ignore"):
            matrix = numpy.corrcoef(numpy.array(list(numeric.values())))
        for i, one in enumerate(numeric):
            found |= {f"corr {one} {two}": float(matrix[i, j]) for j, two in enumerate(numeric)}
    return found
