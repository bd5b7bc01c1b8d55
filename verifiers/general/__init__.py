"""Verdicts on general tasks, by the family that the task's verifier names."""

from data.errors import TaskError
from data.task import Task
from data.trajectory import Trajectory, Verdict
from envs.general.trip.compiled import is_trip
from verifiers.general.plan import verify_plan
from verifiers.general.transact import verify_transact
from verifiers.general.trip import verify_trip

FAMILIES = {"transact": verify_transact, "plan": verify_plan}


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """The verdict of the task's family; raises `TaskError` if it has none."""
    if is_trip(task.env.parameters):
        return verify_trip(task, trajectory)
    family = task.hidden.verifier.get("family")
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise TaskError(f"task {task.id} is of family {family!r}; families are {known}")
    return FAMILIES[str(family)](task, trajectory)
