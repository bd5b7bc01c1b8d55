"""Worked attempts at interpreter tasks: for training data that shows how an answer comes about.

The witness of a certificate goes straight to the program; here each cell follows from what the
question says and from what the cells before have printed, and says so. Only questions about tables
are worked; puzzles take ideas that no template gives.
"""

from functools import partial

from data.errors import SourceError
from data.task import Script, Task
from data.trajectory import Trajectory
from synth.interpreter import author
from synth.interpreter.draft import Rejected
from synth.interpreter.engines import Undefined
from synth.interpreter.plan import Plan
from synth.interpreter.shapes import Form
from synth.interpreter.telling.cells import worked
from synth.interpreter.telling.printed import printed
from synth.interpreter.telling.reasons import Teller
from synth.parts import Worked
from synth.request import Request

__all__ = ["work"]


def work(task: Task) -> Worked | str | None:
    """The worked attempt at a task; a short word where there is none."""
    plan = _plan(task)
    if plan is None:
        return "not_worked"
    try:
        text = printed(plan)
    except Undefined:
        return "not_worked"
    calls = author.calls(worked(plan).cells)
    script = Script(calls=calls, answer=f'{{"answer": {text}}}')
    return Worked(script, explain=partial(explain, plan))


def explain(plan: Plan, trajectory: Trajectory) -> tuple[str, ...]:
    """One reason a turn of a run of the worked attempt.

    Nothing where a cell failed, or where the message says what the last one has not printed.
    """
    seen = [turn.observations[0] for turn in trajectory.turns[:-1]]
    shown = [each.text for each in seen]
    said = next(iter(shown[-1].splitlines()), "")
    if any(each.error for each in seen) or trajectory.answer != f'{{"answer": {said}}}':
        return ()
    teller = Teller(plan)
    reasons = [teller.look(), teller.read(shown[0]), teller.compute(shown[1])]
    if plan.asked.form is Form.FIGURE:
        reasons.append(teller.draw(shown[2]))
    return (*reasons, teller.answer(said))


def _plan(task: Task) -> Plan | None:
    """The plan behind a task, made again from its provenance; None if it is not about tables."""
    made = task.provenance
    request = Request(
        kind=task.kind,
        seed=made.seed,
        language=task.language,
        author=made.author,
        options=made.options,
    )
    try:
        return author.plan(request, made.index)
    except (Rejected, SourceError):
        return None
