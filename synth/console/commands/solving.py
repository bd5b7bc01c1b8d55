"""Commands that let an agent attempt the tasks: rollout."""

from typing import TYPE_CHECKING, Any

import click

from data.errors import UserError
from synth.console.frame import COUNT, SHARE, emit, kind_option, note, open_store, shared, show

if TYPE_CHECKING:
    from agents.rollout import RolloutSummary
    from data.task import TaskKind
    from data.trajectory import Attempt


@click.command()
@kind_option(required=True)
@click.option("--policy", default="", help="oracle, noop, random or greedy.")
@click.option(
    "--model",
    default="",
    metavar="URL",
    help="OpenAI-compatible endpoint; or bundled, which is served for the purpose.",
)
@click.option("--name", default="", metavar="MODEL", help="The model's name at that endpoint.")
@click.option("--n", "--limit", "n", type=COUNT, help="At most so many tasks, the first by id.")
@click.option("--k", type=COUNT, default=1, show_default=True, help="Attempts a task.")
@click.option("--band", metavar="LOW:HIGH", help="Leave a task once its rate is in or out of it.")
@click.option("--concurrency", type=COUNT, default=8, show_default=True, help="Attempts at a time.")
@click.option("--workers", type=COUNT, default=1, show_default=True, help="Processes.")
@click.option("--ray", metavar="ADDRESS", help="Play on a Ray cluster; local starts one here.")
@click.option(
    "--context",
    default="none",
    show_default=True,
    help="What becomes of a conversation that outgrows the window: none, summary, discard-75, "
    "discard-all or parallel-fewest-step.",
)
@click.option("--window", "window_tokens", type=COUNT, metavar="TOKENS", help="The model's window.")
@click.option("--temperature", type=click.FloatRange(min=0), help="How replies are drawn.")
@click.option("--top-p", type=SHARE, help="Likewise.")
@click.option("--max-tokens", type=COUNT, help="Most tokens of one reply.")
@click.option("--tokens", "return_tokens", is_flag=True, help="Keep token ids, as vLLM gives them.")
@click.option("--stream", is_flag=True, help="Ask for replies in pieces.")
@click.option("--dsml", is_flag=True, help="A text endpoint, spoken to in DeepSeek's encoding.")
@click.option("--seed", type=int, default=0, show_default=True)
@shared
def rollout(
    kind: "TaskKind",
    n: int | None,
    k: int,
    band: str | None,
    concurrency: int,
    workers: int,
    ray: str | None,
    seed: int,
    db: str,
    as_json: bool,
    **player: Any,
) -> None:
    """Let a policy or a model attempt the stored tasks; what is scored is not played again.

    A task's attempts count, in stats and exports, once all K of them are scored, or once they show
    whether its pass rate lies in the band.

    Example: cli.py rollout --kind search --model http://127.0.0.1:8000/v1 --k 8 --band 0.1:0.9
    """
    import asyncio

    from agents.bundled import at_its_url
    from agents.campaign import Where, solve
    from agents.named import PolicySpec, identified
    from data.rates import Band
    from synth.console.progress import Reporter, losses, rollout_step
    from synth.console.tables import rates_table
    from synth.report import attempt_line, by_level, scored

    if ray and workers > 1:
        raise click.UsageError("--workers is for this machine alone; leave it out with --ray")
    given = PolicySpec.of(**{name: value for name, value in player.items() if value is not None})
    bounds = Band.parse(band) if band else None
    with open_store(db) as store:
        ids = store.task_ids(kind=kind, limit=n)
        if not ids:
            raise UserError(f"no {kind} tasks to roll out; make some with synth")
        with at_its_url(given, note) as served, Reporter("rollout") as reporter:
            spec, name = asyncio.run(identified(served))
            for line in scored(store, kind, name, ids, k) if as_json else ():
                emit(line)

            def progress(attempt: "Attempt", now: "RolloutSummary") -> None:
                if as_json:
                    emit(attempt_line(attempt))
                reporter.update(rollout_step(now, len(ids) * k))

            played = solve(
                store.tasks(kind=kind, limit=n),
                spec,
                name,
                store,
                Where(workers, ray),
                attempts=k,
                band=bounds,
                concurrency=concurrency,
                seed=seed,
                on_progress=progress,
            )
        asked = set(ids)
        rates = [r for r in store.pass_rates(kind) if r.policy == name and r.task_id in asked]
    if played.reasons:
        note(f"attempts without a score: {losses(played.reasons)}; the last: {played.last_fault}")
    if not played.num_scored and not played.num_present:
        raise UserError("no attempt could be scored; run again once the cause is gone")
    if not rates:
        note("no task has all its attempts yet; run again once the cause is gone")
    elif not as_json:
        show(rates_table(by_level(rates)))
