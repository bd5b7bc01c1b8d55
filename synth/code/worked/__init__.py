"""Worked attempts at code tasks: for training data that shows how a bug is found.

The witness of a certificate makes the edit and hands it in. Here the issue's script is run first, the
definitions that it uses are looked up and read until the one to change is on the screen, the change
is made in what was read, and the script is run again. A task whose fix no such way leads to has no
worked attempt.
"""

from data.task import Script, Task
from data.trajectory import Trajectory
from synth.code.worked.calls import work
from synth.code.worked.reasons import Teller

__all__ = ["explain", "rehearse"]


def rehearse(task: Task, trajectory: Trajectory) -> Script | None:
    """The calls of a worked attempt and its final message; None where there is none."""
    found = work(task)
    if found is None:
        return None
    return Script(calls=found.calls, answer=Teller(task, found).answer())


def explain(task: Task, trajectory: Trajectory) -> tuple[str, ...]:
    """One reason a turn of a worked attempt; nothing for any other attempt, or where a call failed."""
    found = work(task)
    *turns, _ = trajectory.turns
    if found is None or found.calls != tuple(call for turn in turns for call in turn.calls):
        return ()
    seen = [turn.observations[0] for turn in turns]
    if any(observation.error for observation in seen):
        return ()
    return tuple(Teller(task, found).reasons([observation.text for observation in seen]))
