"""Verdicts on general tasks, by the family that the task's verifier names."""

from data.errors import TaskError
from data.task import Task
from data.trajectory import Trajectory, Verdict
from verifiers.general.transact import verify_transact

FAMILIES = {"transact": verify_transact}


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """The verdict of the task's family; raises `TaskError` if it has none."""
    family = task.hidden.verifier.get("family")
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise TaskError(f"task {task.id} is of family {family!r}; families are {known}")
    return FAMILIES[str(family)](task, trajectory)
