"""SFT data from the store: scripted witnesses with reasons (cold start), or a model's best attempts.

Cold start takes the worked attempts of kinds that write some; of the others it takes the attempts of
the oracle, and puts to each turn the reason that the task's kind gives for it. Rejection sampling
takes the scored attempts of any other policy as they are. Only the full score counts.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import cast

from agents.coldstart import Style, plain_reasons, prompted, with_reasons
from agents.coldstart_rows import Unteachable, samples
from agents.policies import run_script
from data.errors import EnvironmentFault, UserError
from data.exporters.base import Manifest
from data.exporters.sft import Sample, export_samples
from data.selection import LeftOut, Selection, select
from data.store import Store
from data.task import JsonObject, Script, Task
from data.trajectory import Attempt, Outcome, StopReason, Trajectory
from envs.base import open_env
from synth.parts import Worked
from synth.replay import Replayer
from synth.request import kind_module
from verifiers import verify

Explain = Callable[[Task, Trajectory], tuple[str, ...]]
"""`synth.<kind>.explain`, which a kind may have: one reason a turn of a run of its witness, or of
what `rehearse` made of it."""
Rehearse = Callable[[Task, Trajectory], Script]
"""`synth.<kind>.rehearse`, which a kind may have: its witness with tries that fail, explained too."""
Guessed = Callable[[Task, Trajectory], frozenset[int]]
"""`synth.<kind>.guessed`, which a kind may have: turns that nothing read before has led to. They are
shown and not learnt."""
Work = Callable[[Task], Worked | str | None]
"""`synth.<kind>.work`, which a kind may have: an attempt that finds the solution as an agent would; a
word where it finds none worth showing, None if it works no tasks of this sort."""

log = logging.getLogger(__name__)

ORACLE = "oracle"
AT_A_TIME = 8
"""Worked attempts that are run side by side."""


@dataclass(frozen=True)
class _Wish:
    """What `export_sft` was asked for."""

    policy: str
    style: Style
    instructed: bool
    rehearsed: bool


def export_sft(
    store: Store,
    selection: Selection,
    out: Path,
    policy: str = ORACLE,
    style: Style = Style.THINKING_TOOLS,
    instructed: bool = False,
    rehearsed: bool = True,
    left_out: LeftOut | None = None,
    reasons: Counter[str] | None = None,
) -> Manifest:
    """Writes the attempts of `policy` at the tasks of `selection` to the directory `out`.

    The oracle's are told in `style`, and `rehearsed`: with wrong tries, where the kind knows some,
    that are run in the task's world; a kind that works its tasks itself needs none of them. Any other
    policy's are taken as they are. `instructed` puts the
    prompt of the style before each sample. What is left out is counted in `left_out` and `reasons`.
    Raises `UserError` if there is no attempt to learn from.
    """
    wish = _Wish(policy, style, instructed, rehearsed)
    reasons = Counter() if reasons is None else reasons
    tasks = select(store, selection, left_out or LeftOut())
    with Replayer() as replayer:
        found = _samples(store, tasks, wish, replayer, reasons)
        first = list(islice(found, 1))
        if not first:
            counts = ", ".join(f"{name} {number}" for name, number in reasons.items())
            why = counts or "none is stored"
            raise UserError(
                f"no attempt of policy {policy!r} to learn from ({why}); "
                "give another, or run rollout first"
            )
        return export_samples(chain(first, found), out)


def _samples(
    store: Store,
    tasks: Iterator[Task],
    wish: _Wish,
    replayer: Replayer,
    reasons: Counter[str],
) -> Iterator[Sample]:
    while batch := list(islice(tasks, AT_A_TIME)):
        found = [_work(task) if wish.policy == ORACLE else None for task in batch]
        pairs = zip(batch, found, strict=True)
        worked = {task.id: each for task, each in pairs if isinstance(each, Worked)}
        mine = [task for task in batch if task.id in worked]
        played = asyncio.run(_all_played(mine, worked)) if mine else {}
        for task, each in zip(batch, found, strict=True):
            try:
                if each is None:
                    yield from _attempted(store, task, wish, replayer, reasons)
                elif isinstance(each, str):
                    reasons[each] += 1
                else:
                    yield from _worked(task, each, played[task.id], wish)
            except Unteachable as e:
                reasons[str(e)] += 1


def _work(task: Task) -> Worked | str | None:
    work = cast(Work | None, _slot(task, "work"))
    return work(task) if work else None


def _attempted(
    store: Store, task: Task, wish: _Wish, replayer: Replayer, reasons: Counter[str]
) -> Iterator[Sample]:
    """The samples of the attempts that are stored."""
    for attempt in store.attempts(policy=wish.policy, task_id=task.id):
        if why := _unfit(attempt):
            reasons[why] += 1
            continue
        try:
            yield from _taught(task, attempt, wish, replayer)
        except Unteachable as e:
            reasons[str(e)] += 1


def _worked(task: Task, worked: Worked, played: Trajectory | str, wish: _Wish) -> Iterator[Sample]:
    """The samples of a worked attempt; `played` is a word where it came to nothing."""
    if isinstance(played, str):
        raise Unteachable(played)
    reasons = worked.explain(played) if worked.explain else worked.reasons
    if not reasons:
        raise Unteachable("no_reasons")
    told = with_reasons(played, reasons, wish.style)
    origin: JsonObject = {"policy": ORACLE, "score": 1, "reasoning": "worked"}
    prompt = prompted(task.prompt, wish.style, task.language) if wish.instructed else None
    yield from samples(task, told, wish.style, origin, prompt)


async def _all_played(
    tasks: Sequence[Task], worked: Mapping[str, Worked]
) -> dict[str, Trajectory | str]:
    """The runs of worked attempts, by task."""
    runs = await asyncio.gather(*(_played(task, worked[task.id].script) for task in tasks))
    return {task.id: run for task, run in zip(tasks, runs, strict=True)}


async def _played(task: Task, script: Script) -> Trajectory | str:
    """A run of `script` in a fresh world of the task, in this process: thousands are made at once.

    A word where it has not the full score, or where the world was lost: one of thousands may be.
    """
    try:
        async with open_env(task.public()) as (env, first):
            played = await run_script(task.id, script, env, first=first)
        verdict = await asyncio.to_thread(verify, task, played)
    except EnvironmentFault as fault:
        log.warning("%s: %s", task.id, fault)
        return "fault"
    return played if verdict.score == 1 else "no_full_score"


def _unfit(attempt: Attempt) -> str:
    """Why nothing is to be learnt from an attempt, in a word; empty if something is."""
    if attempt.outcome is not Outcome.SCORED or attempt.verdict is None:
        return "unscored"
    if attempt.verdict.score < 1:
        return "no_full_score"
    assert attempt.trajectory, "a scored attempt has one"
    return "" if attempt.trajectory.stop is StopReason.ANSWERED else "no_answer"


def _taught(task: Task, attempt: Attempt, wish: _Wish, replayer: Replayer) -> Iterator[Sample]:
    """The samples of one attempt with the full score."""
    trajectory, style = attempt.trajectory, wish.style
    assert trajectory, "only scored attempts come here"
    origin: JsonObject = {"policy": attempt.policy, "attempt": attempt.attempt, "score": 1}
    guesses: frozenset[int] = frozenset()
    if attempt.policy == ORACLE:
        if wish.rehearsed:
            trajectory = rehearsal(task, trajectory, replayer)
        explain = cast(Explain | None, _slot(task, "explain"))
        told = explain(task, trajectory) if explain else None
        told = told or plain_reasons(trajectory.turns, task.language)
        guessed = cast(Guessed | None, _slot(task, "guessed"))
        guesses = guessed(task, trajectory) if guessed else guesses
        trajectory = with_reasons(trajectory, told, style)
        origin["reasoning"] = "program" if explain else "plain"
        tries = len(trajectory.turns) - 1 - len(task.hidden.witness.calls)
        origin["calls_beside_the_way"] = tries
    else:
        thinks = any(turn.reasoning for turn in trajectory.turns)
        style = Style.THINKING_TOOLS if thinks else Style.TOOLS
        origin["reasoning"] = "model" if thinks else "none"
    prompt = prompted(task.prompt, style, task.language) if wish.instructed else None
    yield from samples(task, trajectory, style, origin, prompt, guesses)


def rehearsal(task: Task, trajectory: Trajectory, replayer: Replayer) -> Trajectory:
    """A run of the task's witness with wrong tries in it; `trajectory` itself if there are none."""
    rehearse = cast(Rehearse | None, _slot(task, "rehearse"))
    script = rehearse(task, trajectory) if rehearse else task.hidden.witness
    if script.calls == task.hidden.witness.calls:
        return trajectory
    first, played = replayer.run(task.public(), script)
    # A verifier may count calls; an attempt that it does not accept is nothing to learn from.
    if verify(task, played).score < 1:
        return trajectory
    return played.model_copy(update={"first": first.text})


def _slot(task: Task, name: str) -> object:
    """What the task's kind exports under a name that not every kind has; None if it has not."""
    return vars(kind_module(task.kind)).get(name)
