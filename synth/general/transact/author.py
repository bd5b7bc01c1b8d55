"""Writes a transact task: an errand in a world, its text, its witness, what it must lead to."""

from random import Random

from data.hashing import content_hash
from data.task import Hidden, JsonObject, Script
from envs.general.compiler import Compiled
from envs.general.expr import Row
from envs.general.world import Change
from synth.general.transact.goals import Drawer, Drawn, Unfit
from synth.general.transact.model import Errand
from synth.general.transact.route import walk
from synth.general.transact.wording import prompt
from synth.general.written import Written
from verifiers.general.transact import NEW, Changed, GoalSpec, TransactSpec

FAMILY = "transact"
DRAWS = 4
"""Errands that are tried before an index is given up."""


def write(world: Compiled, level: int, rng: Random) -> Written:
    """A task of `level` in `world`. Raises `Unfit`."""
    drawn = _draw(world, level, rng)
    errand = drawn.errand
    messages = prompt(world, errand, rng)
    answer = right_answer(world, errand)
    witness = walk(world, errand, answer)
    spec = verifier_spec(world, drawn, answer)
    return Written(
        messages=messages,
        hidden=Hidden(
            verifier=spec.model_dump(mode="json"),
            reference=answer,
            witness=witness,
            proof={"family": FAMILY, "errand": errand.model_dump(mode="json")},
        ),
        measures=measures(world, errand, witness),
        fingerprint=content_hash(
            [world.domain.name, world.variant.model_dump_json(), world.seed, errand.identity()]
        ),
    )


def _draw(world: Compiled, level: int, rng: Random) -> Drawn:
    """The first of a few errands that is fit. Raises `Unfit` with what the last one lacks."""
    for _ in range(DRAWS - 1):
        try:
            return Drawer(world, level, rng).draw()
        except Unfit:
            continue
    return Drawer(world, level, rng).draw()


def right_answer(world: Compiled, errand: Errand) -> JsonObject:
    """The final message without the ids, which depend on the attempt."""
    answer: JsonObject = {"declined": len(errand.declined)}
    if errand.question:
        row = world.rows.row(errand.question.clue.table, errand.question.clue.row_id)
        answer["answer"] = row[errand.question.column]
    return answer


def verifier_spec(world: Compiled, drawn: Drawn, answer: JsonObject) -> TransactSpec:
    places: dict[tuple[str, str], int] = {}
    expected: list[Changed] = []
    for change in drawn.final:
        places[change.table, change.row_id] = len(expected)
        expected.append(_changed(change, drawn.final))
    goals = tuple(
        GoalSpec(
            action=goal.action,
            changes=tuple(
                sorted(
                    {places[c.table, c.row_id] for c in touched if (c.table, c.row_id) in places}
                )
            ),
        )
        for goal, touched in zip(drawn.errand.goals, drawn.touched, strict=True)
    )
    if not all(goal.changes for goal in goals):
        raise Unfit("goal_undone")
    value = answer.get("answer")
    assert value is None or isinstance(value, str | int | float | bool)
    return TransactSpec(
        expected=tuple(expected), goals=goals, declined=len(drawn.errand.declined), answer=value
    )


def _changed(change: Change, final: tuple[Change, ...]) -> Changed:
    """A change as the verifier expects it: ids of new rows are free."""
    born = {other.row_id for other in final if other.before is None}
    after: Row | None = change.after
    if after is None:
        return Changed(table=change.table, row_id=change.row_id, after=None)
    values = {
        name: NEW if isinstance(value, str) and value in born else value
        for name, value in after.items()
    }
    row_id = "" if change.before is None else change.row_id
    return Changed(table=change.table, row_id=row_id, after={**values, "id": row_id})


def measures(world: Compiled, errand: Errand, witness: Script) -> dict[str, float]:
    """What makes the task hard, in numbers."""
    clues = errand.clues()
    targets = {(clue.table, clue.row_id) for clue in clues}
    tables = {clue.table for clue in clues}
    return {
        "goals": float(len(errand.goals)),
        "declined": float(len(errand.declined)),
        "rows_meant": float(len(targets)),
        "indirect_clues": float(sum(not clue.called for clue in clues)),
        "rules": float(len(world.domain.policies)),
        "unenforced": float(sum(not world.variant.enforced.get(n) for n in world.domain.policies)),
        "tools": float(len(world.tools)),
        "distractors": float(sum(len(world.rows.tables[t]) for t in tables) - len(targets)),
        "witness_calls": float(len(witness.calls)),
        "least_calls": float(len(errand.goals) + min(1, len(targets))),
    }
