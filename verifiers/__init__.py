"""Trajectory in, verdict out; one module a kind, found by its name. Never calls an agent."""

from importlib import import_module
from typing import Protocol, cast

from data.task import Task
from data.trajectory import Trajectory, Verdict


class KindModule(Protocol):
    """What `verifiers.<kind>` exports."""

    def verify(self, task: Task, trajectory: Trajectory) -> Verdict:
        """Judges an ended attempt; deterministic; raises `EnvironmentFault` if it cannot judge."""


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """The verdict of the task's kind on `trajectory`."""
    return cast(KindModule, import_module(f"verifiers.{task.kind}")).verify(task, trajectory)
