"""A question about a real table: chooses it, soils it, asks it, and computes it twice."""

from functools import partial
from random import Random

from data.task import Language, Source
from envs.interpreter.files.tables import source_hash, source_version
from synth.interpreter import licences
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
from synth.interpreter.plan import effort_of, planned, question
from synth.interpreter.prompt import form_words
from synth.interpreter.statement import statement


def draft(info: TableInfo, rng: Random, language: Language, level: int) -> Draft:
    """Raises `Rejected`."""
    plan = planned(info, rng, language, level)
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
    if named(shown.value, text):
        raise Rejected("answer_in_text")
    other = sql_cells(plan.readings, plan.pipeline)
    effort = effort_of(plan.pipeline, plan.readings, plan.conditions, plan.notes_file)
    source = plan.info.source
    return Draft(
        family=f"data:{plan.asked.form}",
        text=text,
        form=form_words(plan.asked.form, plan.asked.unit, plan.asked.parts, language),
        shown=edition(shown),
        hidden=(edition(hidden),),
        spec=spec,
        witness=cells(plan.readings, plan.pipeline),
        others=(("DuckDB", other),),
        near=partial(near_misses, plan, shown),
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
