"""The verdict on a planned trip: the itinerary of the final message against every rule.

It has to be the one that was submitted last, so that what an attempt says and does agree.
"""

from pydantic import ValidationError

from data.errors import EnvironmentFault
from data.record import Record
from data.task import Task
from data.trajectory import Trajectory, Verdict, VerdictCheck
from envs.general.trip.compiled import Compiled
from envs.general.trip.session import open_trip
from verifiers.general.form import read_plan
from verifiers.general.plan import PlanSpec, judge, plan_spec
from verifiers.general.tables import Table, Tables
from verifiers.messages import Malformed


class _State(Record):
    """What the state of a trip world holds."""

    submitted: str | None


def verify_trip(task: Task, trajectory: Trajectory) -> Verdict:
    """Score 1 if the final message holds the itinerary submitted last and it keeps every rule.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` without its state.
    """
    spec = plan_spec(task)
    try:
        state = _State.model_validate(trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no state of a trip world"
        ) from error
    tables = trip_tables_of(open_trip(task.public()))
    return judge(spec, tables, trajectory, also=(_submitted(spec, tables, trajectory, state),))


def _submitted(
    spec: PlanSpec, tables: Tables, trajectory: Trajectory, state: _State
) -> VerdictCheck:
    """The itinerary submitted last is the one in the final message."""
    if state.submitted is None:
        return VerdictCheck(name="submitted", passed=False, detail="nothing was submitted")
    try:
        plans = [
            read_plan(text, spec.form, spec.problem, tables)
            for text in (state.submitted, trajectory.answer)
        ]
    except Malformed as wrong:
        return VerdictCheck(name="submitted", passed=False, detail=str(wrong))
    alike = plans[0] == plans[1]
    detail = "the same" if alike else "the final message holds another itinerary"
    return VerdictCheck(name="submitted", passed=alike, detail=detail)


def trip_tables_of(compiled: Compiled) -> Tables:
    """The tables of a trip world as rules see them."""
    return Tables({name: Table(t.key, t.rows, t.refs) for name, t in compiled.tables.items()})
