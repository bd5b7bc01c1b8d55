"""SFT data from the store: scripted witnesses with reasons (cold start), or a model's best attempts.

Cold start takes the attempts of the oracle and puts to each turn the reason that the task's kind
gives for it; rejection sampling takes the scored attempts of any other policy as they are. Only the
full score counts.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import cast

from agents.coldstart import Style, plain_reasons, prompted, with_reasons
from agents.coldstart_rows import Unteachable, samples
from data.errors import UserError
from data.exporters.base import Manifest
from data.exporters.sft import Sample, export_samples
from data.selection import LeftOut, Selection, select
from data.store import Store
from data.task import JsonObject, Task
from data.trajectory import Attempt, Outcome, StopReason, Trajectory
from synth.request import kind_module

Explain = Callable[[Task, Trajectory], tuple[str, ...]]
"""`synth.<kind>.explain`, which a kind may have: one reason a turn of a run of its witness."""

ORACLE = "oracle"


def export_sft(
    store: Store,
    selection: Selection,
    out: Path,
    policy: str = ORACLE,
    style: Style = Style.THINKING_TOOLS,
    instructed: bool = False,
    left_out: LeftOut | None = None,
    reasons: Counter[str] | None = None,
) -> Manifest:
    """Writes the attempts of `policy` at the tasks of `selection` to the directory `out`.

    `style` is that of cold-start samples; a model's are in the style it has. `instructed` puts the
    prompt of the style before each. What is left out is counted in `left_out` and `reasons`.
    Raises `UserError` if there is no attempt to learn from.
    """
    reasons = Counter() if reasons is None else reasons
    tasks = select(store, selection, left_out or LeftOut())
    found = _samples(store, tasks, policy, style, instructed, reasons)
    first = list(islice(found, 1))
    if not first:
        why = ", ".join(f"{name} {number}" for name, number in reasons.items()) or "no attempts"
        raise UserError(
            f"no attempt of policy {policy!r} to learn from ({why}); run rollout --policy {policy}"
        )
    return export_samples(chain(first, found), out)


def _samples(
    store: Store,
    tasks: Iterator[Task],
    policy: str,
    style: Style,
    instructed: bool,
    reasons: Counter[str],
) -> Iterator[Sample]:
    for task in tasks:
        for attempt in store.attempts(policy=policy, task_id=task.id):
            if why := _unfit(attempt):
                reasons[why] += 1
                continue
            try:
                yield from taught(task, attempt, style, instructed)
            except Unteachable as e:
                reasons[str(e)] += 1


def _unfit(attempt: Attempt) -> str:
    """Why nothing is to be learnt from an attempt, in a word; empty if something is."""
    if attempt.outcome is not Outcome.SCORED or attempt.verdict is None:
        return "unscored"
    if attempt.verdict.score < 1:
        return "no_full_score"
    assert attempt.trajectory, "a scored attempt has one"
    return "" if attempt.trajectory.stop is StopReason.ANSWERED else "no_answer"


def taught(task: Task, attempt: Attempt, style: Style, instructed: bool = False) -> list[Sample]:
    """The samples of one scored attempt; the oracle's are told in `style`, others have their own."""
    trajectory = attempt.trajectory
    assert trajectory, "only scored attempts come here"
    origin: JsonObject = {"policy": attempt.policy, "attempt": attempt.attempt, "score": 1}
    if attempt.policy == ORACLE:
        explain = explainer(task)
        told = explain(task, trajectory) if explain else None
        told = told or plain_reasons(trajectory.turns, task.language)
        trajectory = with_reasons(trajectory, told, style)
        origin["reasoning"] = "program" if explain else "plain"
    else:
        thinks = any(turn.reasoning for turn in trajectory.turns)
        style = Style.THINKING_TOOLS if thinks else Style.TOOLS
        origin["reasoning"] = "model" if thinks else "none"
    prompt = prompted(task.prompt, style, task.language) if instructed else None
    return list(samples(task, trajectory, style, origin, prompt))


def explainer(task: Task) -> Explain | None:
    """What tells why the steps of the kind's witnesses are made; None if the kind has no such."""
    return cast(Explain | None, vars(kind_module(task.kind)).get("explain"))
