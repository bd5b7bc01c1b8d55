"""The verdict on a planned trip: what was submitted last, held against every rule of the request."""

from pydantic import ValidationError

from data.errors import EnvironmentFault
from data.record import Record
from data.task import JsonObject, Task
from data.trajectory import Trajectory, Verdict
from envs.general.trip.compiled import Compiled, Domain
from envs.general.trip.session import open_trip
from verifiers.general.plan import judge, plan_spec
from verifiers.general.tables import Table, Tables


class _State(Record):
    """What the state of a trip world holds."""

    submitted: str | None


def is_trip(parameters: JsonObject) -> bool:
    """Whether a general task's world is a trip world."""
    return parameters.get("domain") in list(Domain)


def verify_trip(task: Task, trajectory: Trajectory) -> Verdict:
    """Judges the last submission; without one, the plan in the final message.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` without its state.
    """
    spec = plan_spec(task)
    try:
        state = _State.model_validate(trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no state of a trip world"
        ) from error
    return judge(spec, trip_tables_of(open_trip(task.public())), trajectory, state.submitted)


def trip_tables_of(compiled: Compiled) -> Tables:
    """The tables of a trip world as rules see them."""
    return Tables({name: Table(t.key, t.rows, t.refs) for name, t in compiled.tables.items()})
