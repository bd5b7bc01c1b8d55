"""The command line: parses, calls one library function, shows what came of it.

`--help` of any command is immediate: everything heavy is imported by the command that needs it.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

HERE = Path(__file__).resolve().parent
PACKAGES = ("synth", "envs", "verifiers", "agents", "model", "kernels", "data")


def strangers() -> str:
    """Which package of another project is in the way of ours; empty if none is."""
    for name in PACKAGES:
        spec = find_spec(name)
        if spec and spec.origin and Path(spec.origin).resolve().parent != HERE / name:
            return f"{spec.origin} shadows our package {name!r}"
        installed = [Path(entry) / name for entry in sys.path if entry.endswith("-packages")]
        if any(path.exists() and path.resolve() != HERE / name for path in installed):
            from importlib.metadata import packages_distributions

            owners = set(packages_distributions().get(name, ())) - {"palaestra"}
            if owners:
                return f"{', '.join(sorted(owners))} brings a second package {name!r} beside ours"
    return ""


if problem := strangers():
    sys.exit(f"Error: {problem}; use a fresh virtual environment")

from data.errors import UserError  # noqa: E402 - only now is it known to be ours
from synth.console.frame import (  # noqa: E402
    COUNT,
    SHARE,
    Commands,
    emit,
    kind_option,
    note,
    open_store,
    shared,
    show,
    version,
    word_option,
)

if TYPE_CHECKING:
    from agents.rollout import RolloutSummary
    from data.task import Author, JsonObject, Language, Split, TaskKind
    from data.trajectory import Attempt


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version)
def cli() -> None:
    """Make tasks that are hard to solve and easy to verify; prove, play and export them."""


@cli.command()
@shared
def kinds(db: str, as_json: bool) -> None:
    """The kinds of tasks, with their sources and domains."""
    from data.task import TaskKind
    from synth.console.tables import kinds_table
    from synth.request import kind_module

    known = {kind: kind_module(kind).catalogue() for kind in TaskKind}
    for kind, catalogue in known.items() if as_json else ():
        emit(catalogue.record(kind))
    if not as_json:
        show(kinds_table(known))


@cli.command()
@kind_option(required=True)
@click.option("--n", type=COUNT, default=100, show_default=True, help="Tasks the run should have.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--source", multiple=True, help="Where facts come from, e.g. films or jsonl:PATH.")
@click.option("--domain", help="Which world of a kind that has several.")
@word_option("--lang", "Language", "en or zh.", "en")
@word_option("--author", "Author", "program or llm.", "program")
@click.option("--model", help="Endpoint or name of the model that an llm author asks.")
@click.option("--difficulty", type=click.IntRange(1, 5), help="Level; without it, all five.")
@click.option("--depth", type=COUNT, help="Steps from what is named to what is asked for.")
@click.option("--breadth", type=COUNT, help="Clues that meet in the answer.")
@click.option("--workers", type=COUNT, default=1, show_default=True, help="Processes.")
@click.option("--ray", metavar="ADDRESS", help="Work on a Ray cluster; local starts one here.")
@shared
def synth(
    kind: "TaskKind",
    n: int,
    seed: int,
    source: tuple[str, ...],
    lang: "Language",
    author: "Author",
    workers: int,
    ray: str | None,
    db: str,
    as_json: bool,
    **wishes: str | int | None,
) -> None:
    """Make certified tasks until the run has N of them; goes on where it stopped.

    A run is what is asked for: kind, seed, language, author and all options but N, so the same
    command with a larger N adds to it.

    Example: cli.py synth --kind search --n 500 --difficulty 3 --workers 2
    """
    from data.sources.corpus import resolved
    from synth.console.progress import Reporter, funnel_step, losses
    from synth.console.tables import funnel_table
    from synth.funnel import crew_for, synthesise
    from synth.request import make_request

    if ray and workers > 1:
        raise click.UsageError("--workers is for this machine alone; leave it out with --ray")
    options: JsonObject = {name: value for name, value in wishes.items() if value is not None}
    if source:
        options["sources"] = list(resolved(source))
    request = make_request(kind, options, seed, lang, author)
    with open_store(db) as store, Reporter("synth") as reporter:
        crew = crew_for(request, workers, ray)
        summary = synthesise(request, n, store, crew, lambda now: reporter.update(funnel_step(now)))
    emit(summary.record()) if as_json else show(funnel_table(summary))
    if summary.accepted < n:
        raise UserError(
            f"{summary.accepted} of {n} tasks: no more came of the last draws; most were lost to "
            f"{losses(summary.rejected)}; add sources or ask for less"
        )


@cli.command()
@kind_option()
@click.option("--task", help="Only this task: its id or the beginning of it.")
@click.option("--n", "--limit", "n", type=COUNT, help="At most so many tasks.")
@shared
def certify(
    kind: "TaskKind | None", task: str | None, n: int | None, db: str, as_json: bool
) -> None:
    """Prove stored tasks again from their sources; exit code 1 if a check fails.

    Example: cli.py certify --kind search --n 20
    """
    from synth.certify import recertify
    from synth.console.progress import Reporter, Step

    num_failed = 0
    with open_store(db) as store:
        ids = [store.match(task)] if task else store.task_ids(kind=kind, limit=n)
        if not ids:
            raise UserError("no tasks to certify; make some with synth")
        with Reporter("certify") as reporter:
            for number, found in enumerate(recertify(store, ids), start=1):
                num_failed += bool(found.failures)
                if as_json:
                    emit(found.record())
                else:
                    show(*(f"{found.task_id} fails {c.name}: {c.reason}" for c in found.failures))
                reporter.update(Step(number, len(ids), f"failed {num_failed}"))
    if num_failed:
        raise UserError(f"{num_failed} of {len(ids)} tasks failed their certificate")
    if not as_json:
        show(f"all {len(ids)} tasks proved again")


@cli.command()
@kind_option()
@click.option("--limit", type=COUNT, default=50, show_default=True, help="At most so many.")
@shared
def tasks(kind: "TaskKind | None", limit: int, db: str, as_json: bool) -> None:
    """The stored tasks, in order of id."""
    from synth.console.tables import task_line, tasks_table

    with open_store(db) as store:
        count = store.count(kind=kind)
        if not count:
            note("no tasks yet; make some with synth")
            return
        found = store.tasks(kind=kind, limit=limit)
        if not as_json:
            show(tasks_table(found))
            if limit < count:
                note(f"{limit} of {count} tasks; --limit shows more")
            return
        for task in found:
            emit(task_line(task))


@cli.command("show")
@click.argument("task")
@click.option("--hidden", is_flag=True, help="Also the answer, the witness and the proof.")
@shared
def show_task(task: str, hidden: bool, db: str, as_json: bool) -> None:
    """One task as an agent sees it. TASK is an id or the beginning of one."""
    from synth.console.task import panels

    with open_store(db) as store:
        found = store.task(store.match(task))
    if as_json:
        emit((found if hidden else found.public()).model_dump(mode="json"))
    else:
        show(*panels(found, hidden=hidden))


@cli.command()
@click.argument("task")
@shared
def play(task: str, db: str, as_json: bool) -> None:
    """Work on a task yourself: call its tools, submit an answer, read the verdict.

    Commands come from the terminal or, one a line, from a pipe:

    printf 'search red dog\\nsubmit Clifford\\n' | cli.py play search-1f0c
    """
    import asyncio

    from agents.person import POLICY
    from agents.person import play as sit_down
    from synth.console.desk import Desk
    from synth.console.task import verdict_table
    from synth.report import attempt_line

    with open_store(db) as store:
        found = store.task(store.match(task))
        number = sum(1 for _ in store.attempts(policy=POLICY, task_id=found.id))
        desk = Desk(found.public(), quiet=as_json)
        attempt = asyncio.run(sit_down(found, number, desk.ask, desk.show))
        if attempt is None:
            note("left without an answer; nothing is stored")
            return
        store.add_attempt(attempt)
    emit(attempt_line(attempt)) if as_json else show(verdict_table(attempt))


@cli.command()
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


@cli.command()
@click.option("--format", "target", required=True, help="jsonl, verl or trl.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@kind_option()
@word_option("--split", "Split", "train, val or test; without it, all three.")
@click.option("--min-pass", type=SHARE, help="Lowest pass rate of the tasks to take.")
@click.option("--max-pass", type=SHARE, help="Highest pass rate of the tasks to take.")
@click.option("--policy", default="", help="Whose pass rate; without it, all models and greedy.")
@shared
def export(
    target: str,
    out: Path,
    kind: "TaskKind | None",
    split: "Split | None",
    min_pass: float | None,
    max_pass: float | None,
    policy: str,
    db: str,
    as_json: bool,
) -> None:
    """Write the certified tasks as a training set.

    Example: cli.py export --format verl --out runs/verl --min-pass 0.1 --max-pass 0.9
    """
    from data.exporters import export as write
    from data.selection import LeftOut, Selection, select
    from synth.console.tables import manifest_table

    selection = Selection(kind, split, min_pass, max_pass, policy)
    left_out = LeftOut()
    with open_store(db) as store:
        try:
            manifest = write(select(store, selection, left_out), target, out)
        finally:
            for line in left_out.lines():
                note(line)
    written = {"out": str(out), **manifest.model_dump(mode="json")}
    emit(written) if as_json else show(manifest_table(manifest, out))


@cli.command()
@kind_option()
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Picture to write.")
@shared
def stats(kind: "TaskKind | None", plot: Path | None, db: str, as_json: bool) -> None:
    """Funnel, rejection reasons, difficulty and pass rates.

    Example: cli.py stats --kind search --plot runs/search.png
    """
    from synth.console.tables import report_tables
    from synth.report import report

    with open_store(db) as store:
        found = report(store, kind)
    if plot:
        from synth.plot import draw

        draw(found, plot)
        note(f"wrote {plot}")
    emit(found.summary()) if as_json else show(*report_tables(found))


@cli.command()
@shared
def doctor(db: str, as_json: bool) -> None:
    """What works on this machine, and what to do about the rest."""
    from synth.console.tables import findings_table
    from synth.doctor import diagnose

    findings = list(diagnose(db))
    for finding in findings if as_json else ():
        emit(finding._asdict())
    if not as_json:
        show(findings_table(findings))
    broken = [finding.name for finding in findings if finding.required and not finding.works]
    if broken:
        raise UserError(f"{', '.join(broken)}: required and not working here; see above")


def main() -> None:
    """Where the console script enters."""
    cli()


if __name__ == "__main__":
    main()
