"""Worked attempts at interpreter tasks: for training data that shows how an answer comes about.

The witness of a certificate goes straight to the program; here each cell follows from what the
question says and from what the cells before have printed, and says so. Only questions about tables
are worked; puzzles take ideas that no template gives.
"""

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
from synth.request import Request

__all__ = ["explain", "rehearse"]


def rehearse(task: Task, trajectory: Trajectory) -> Script | None:
    """The calls of a worked attempt and its final message; None where there is none."""
    plan = _plan(task)
    if plan is None:
        return None
    try:
        text = printed(plan)
    except Undefined:
        return None
    return Script(calls=author.calls(worked(plan).cells), answer=f'{{"answer": {text}}}')


def explain(task: Task, trajectory: Trajectory) -> tuple[str, ...]:
    """One reason a turn of a worked attempt; nothing for any other attempt.

    Neither is an attempt explained whose message says what its last cell has not printed.
    """
    plan = _plan(task)
    *turns, _ = trajectory.turns
    if plan is None or author.calls(worked(plan).cells) != tuple(c for t in turns for c in t.calls):
        return ()
    seen = [turn.observations[0].text for turn in turns]
    lines = seen[-1].splitlines()
    said = lines[0] if lines else ""
    if trajectory.answer != f'{{"answer": {said}}}':
        return ()
    teller = Teller(plan)
    reasons = [teller.look(), teller.read(seen[0]), teller.compute(seen[1])]
    if plan.asked.form is Form.FIGURE:
        reasons.append(teller.draw(seen[2]))
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
