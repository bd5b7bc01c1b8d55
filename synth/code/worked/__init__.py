"""Worked attempts at code tasks: for training data that shows how a bug is found.

The witness of a certificate makes the edit and hands it in. Here the issue's script is run first, the
definitions that it uses are looked up and read until the one to change is on the screen, the change
is made in what was read, and the script is run again. A task whose fix no such way leads to has no
worked attempt.
"""

from functools import partial

from data.task import Script, Task
from data.trajectory import Trajectory
from synth.code.worked.calls import plan
from synth.code.worked.reasons import Teller
from synth.parts import Worked

__all__ = ["work"]


def work(task: Task) -> Worked | str | None:
    """The worked attempt at a task; a short word where there is none."""
    found = plan(task)
    if found is None:
        return "not_worked"
    teller = Teller(task, found)
    script = Script(calls=found.calls, answer=teller.answer())
    return Worked(script, explain=partial(explain, teller))


def explain(teller: Teller, trajectory: Trajectory) -> tuple[str, ...]:
    """One reason a turn of a run of the worked attempt; nothing where a call failed."""
    seen = [turn.observations[0] for turn in trajectory.turns[:-1]]
    if any(observation.error for observation in seen):
        return ()
    return tuple(teller.reasons([observation.text for observation in seen]))
