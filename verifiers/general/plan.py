"""The verdict on a plan: one entry for its form and names, then one for each rule."""

from collections.abc import Sequence
from typing import Literal

from pydantic import JsonValue, ValidationError

from data.errors import EnvironmentFault, TaskError
from data.record import Record
from data.task import JsonObject, Task
from data.trajectory import StopReason, Trajectory, Verdict, VerdictCheck
from envs.general.env import open_compiled
from verifiers.general.constraints import PlanProblem
from verifiers.general.evaluate import Evaluator
from verifiers.general.form import Items, Object, read_plan
from verifiers.general.tables import Tables
from verifiers.general.worlds import plan_tables
from verifiers.messages import Malformed

FAMILY = "plan"


class _State(Record):
    """What `Environment.state()` of a general world holds."""

    writes: tuple[JsonValue, ...]
    changes: tuple[JsonValue, ...]


class PlanSpec(Record):
    """`Hidden.verifier` of a plan task; the tables are those of the task's world."""

    family: Literal["plan"] = "plan"
    plan: str
    """Name of the plan in its domain."""
    problem: PlanProblem
    form: Object | Items


_PARSED: dict[int, tuple[JsonObject, PlanSpec]] = {}
"""The specification parsed last: a certificate judges a hundred answers to one task."""


def plan_spec(task: Task) -> PlanSpec:
    """Raises `TaskError` for a task without a valid one."""
    given = task.hidden.verifier
    known = _PARSED.get(id(given))
    if known is not None and known[0] is given:
        return known[1]
    try:
        spec = PlanSpec.model_validate(given)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "all of it"
        raise TaskError(f"task {task.id} has no valid verifier: {place}: {wrong['msg']}") from error
    _PARSED.clear()
    _PARSED[id(given)] = (given, spec)
    return spec


def verify_plan(task: Task, trajectory: Trajectory) -> Verdict:
    """The verdict on a plan for a compiled world, which must be left as it was.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` without its state.
    """
    spec, state = plan_spec(task), _state(trajectory)
    compiled = open_compiled(task.public())
    if spec.plan not in compiled.domain.plans:
        raise TaskError(f"task {task.id}: the domain has no plan {spec.plan!r}")
    tables = plan_tables(compiled, spec.plan)
    untouched = not state.writes and not state.changes
    detail = (
        "nothing was changed" if untouched else "something was changed; only a plan was asked for"
    )
    return judge(
        spec,
        tables,
        trajectory,
        also=(VerdictCheck(name="unchanged", passed=untouched, detail=detail),),
    )


def _state(trajectory: Trajectory) -> _State:
    try:
        return _State.model_validate(trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no state of a general world"
        ) from error


def judge(
    spec: PlanSpec,
    tables: Tables,
    trajectory: Trajectory,
    message: str | None = None,
    also: Sequence[VerdictCheck] = (),
) -> Verdict:
    """Score 1 if the plan has its form, names what exists and keeps every rule, else 0.

    `message` is where the plan stands if not in the final message; `also` are further checks of the
    world's own, which must pass too.
    """
    text = trajectory.answer if message is None else message
    rules = spec.problem.rules
    try:
        if message is None and trajectory.stop is not StopReason.ANSWERED:
            raise Malformed(f"there is no final message (the attempt ended by {trajectory.stop})")
        plan = read_plan(text, spec.form, spec.problem, tables)
    except Malformed as wrong:
        skipped = "not looked at: the form is wrong"
        return _verdict(
            VerdictCheck(name="format", passed=False, detail=str(wrong)),
            *(VerdictCheck(name=rule.id, passed=False, detail=skipped) for rule in rules),
            *also,
        )
    broken = set(Evaluator(spec.problem, tables).broken(plan))
    return _verdict(
        VerdictCheck(name="format", passed=True, detail="one plan, every name known"),
        *(
            VerdictCheck(name=rule.id, passed=rule.id not in broken, detail=rule.text)
            for rule in rules
        ),
        *also,
    )


def _verdict(*checks: VerdictCheck) -> Verdict:
    return Verdict(score=float(all(check.passed for check in checks)), checks=checks)
