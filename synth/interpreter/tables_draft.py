"""A question about a real table: chooses it, soils it, asks it, and computes it twice."""

from collections.abc import Sequence
from functools import partial
from random import Random

from data.task import Language, Source
from envs.interpreter.files.tables import source_hash, source_version
from synth.interpreter import charts, licences
from synth.interpreter.audit import shortcut
from synth.interpreter.catalogue import TableInfo
from synth.interpreter.compute import (
    check_value,
    computed,
    edition,
    hidden_edition,
    idle_part,
    near_misses,
    spec_of,
)
from synth.interpreter.draft import Draft, Rejected, named
from synth.interpreter.engines import cells, sql_cells
from synth.interpreter.plan import Plan, effort_of, planned, question
from synth.interpreter.prompt import FIGURE_FORM, form_words
from synth.interpreter.shapes import SHAPES, Shape
from synth.interpreter.statement import statement

Others = tuple[tuple[str, tuple[str, ...]], ...]


def draft(
    info: TableInfo,
    rng: Random,
    language: Language,
    level: int,
    shapes: Sequence[Shape] = SHAPES,
) -> Draft:
    """Raises `Rejected`."""
    plan = planned(info, rng, language, level, shapes)
    shown = computed(plan, plan.recipes)
    spec = partial(spec_of, plan)
    check_value(plan, shown)
    idle = idle_part(plan, shown)
    if idle:
        raise Rejected(idle)
    text = statement(
        plan.view,
        plan.asked,
        plan.recipes,
        question(plan),
        plan.notes_file,
        plan.readings[0].dirt,
        plan.drops_missing,
    )
    hidden = hidden_edition(plan, shown, rng)
    if shortcut(plan, shown, hidden).problem:
        raise Rejected("trivial_aggregate")
    figure = plan.asked.figure
    if figure is None and named(shown.value, text):
        raise Rejected("answer_in_text")
    others: Others = (("DuckDB", sql_cells(plan.readings, plan.pipeline)),)
    effort = effort_of(plan.pipeline, plan.readings, plan.conditions, plan.notes_file)
    source = plan.info.source
    return Draft(
        family=f"figure:{figure.chart}" if figure else f"data:{plan.asked.form}",
        text=text,
        form=FIGURE_FORM[language] if figure else _form(plan),
        shown=edition(shown),
        hidden=(edition(hidden),),
        spec=spec,
        witness=charts.drawn(plan) if figure else cells(plan.readings, plan.pipeline),
        others=charts.others(plan) if figure else others,
        near=(lambda: []) if figure else partial(near_misses, plan, shown),
        figure=figure,
        near_cells=partial(charts.near, plan, shown) if figure else lambda: iter(()),
        shortcut=partial(shortcut, plan, shown, hidden),
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


def _form(plan: Plan) -> str:
    asked = plan.asked
    return form_words(asked.form, asked.unit, asked.parts, plan.view.language)
