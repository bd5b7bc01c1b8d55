"""Commands that let an agent attempt the tasks: rollout."""

from typing import TYPE_CHECKING

import click

from data.errors import UserError
from synth.console.frame import COUNT, emit, kind_option, note, open_store, shared, show

if TYPE_CHECKING:
    from agents.rollout import RolloutSummary
    from data.task import TaskKind
    from data.trajectory import Attempt


@click.command()
@kind_option(required=True)
@click.option("--policy", default="", help="oracle, noop, random or greedy.")
@click.option("--model", default="", metavar="URL", help="OpenAI-compatible endpoint.")
@click.option("--name", default="", metavar="MODEL", help="The model's name at that endpoint.")
@click.option("--n", "--limit", "n", type=COUNT, help="At most so many tasks, the first by id.")
@click.option("--k", type=COUNT, default=1, show_default=True, help="Attempts a task.")
@click.option("--concurrency", type=COUNT, default=8, show_default=True, help="Attempts at a time.")
@click.option("--context", default="none", show_default=True, help="Context manager: none.")
@click.option("--seed", type=int, default=0, show_default=True)
@shared
def rollout(
    kind: "TaskKind",
    n: int | None,
    k: int,
    concurrency: int,
    context: str,
    seed: int,
    db: str,
    as_json: bool,
    **player: str,
) -> None:
    """Let a policy or a model attempt the stored tasks; what is scored is not played again.

    Example: cli.py rollout --kind search --model http://127.0.0.1:8000/v1 --k 4
    """
    import asyncio

    from agents.named import check_context, open_policy
    from agents.rollout import rollout as roll
    from synth.console.progress import Reporter, losses, rollout_step
    from synth.console.tables import rates_table
    from synth.report import attempt_line, by_level, scored

    check_context(context)

    async def run() -> tuple[str, "RolloutSummary"]:
        async with open_policy(**player) as policy:
            for line in scored(store, kind, policy.name, ids, k) if as_json else ():
                emit(line)

            def progress(attempt: "Attempt", now: "RolloutSummary") -> None:
                if as_json:
                    emit(attempt_line(attempt))
                reporter.update(rollout_step(now, len(ids) * k))

            played = await roll(
                store.tasks(kind=kind, limit=n),
                policy,
                store,
                attempts=k,
                concurrency=concurrency,
                seed=seed,
                on_progress=progress,
            )
            return policy.name, played

    with open_store(db) as store:
        ids = store.task_ids(kind=kind, limit=n)
        if not ids:
            raise UserError(f"no {kind} tasks to roll out; make some with synth")
        with Reporter("rollout") as reporter:
            name, played = asyncio.run(run())
        asked = set(ids)
        rates = [r for r in store.pass_rates(kind) if r.policy == name and r.task_id in asked]
    if played.reasons:
        note(f"attempts without a score: {losses(played.reasons)}; the last: {played.last_fault}")
    if not rates:
        raise UserError("no attempt could be scored; run again once the cause is gone")
    if not as_json:
        show(rates_table(by_level(rates)))
