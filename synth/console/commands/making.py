"""Commands that make tasks and prove them: kinds, synth, certify."""

from typing import TYPE_CHECKING

import click

from data.errors import UserError
from synth.console.frame import COUNT, emit, kind_option, open_store, shared, show, word_option

if TYPE_CHECKING:
    from data.task import Author, JsonObject, Language, TaskKind


@click.command()
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


@click.command()
@kind_option(required=True)
@click.option("--n", type=COUNT, default=100, show_default=True, help="Tasks the run should have.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--source",
    multiple=True,
    help="What tasks are made from, e.g. films, jsonl:PATH or repo:PATH; see kinds.",
)
@click.option("--family", help="A family of the kind's tasks, e.g. plan or transact.")
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
    from synth.console.progress import Reporter, funnel_step, losses
    from synth.console.tables import funnel_table
    from synth.funnel import crew_for, synthesise
    from synth.request import make_request

    if ray and workers > 1:
        raise click.UsageError("--workers is for this machine alone; leave it out with --ray")
    options: JsonObject = {name: value for name, value in wishes.items() if value is not None}
    if source:
        options["sources"] = list(source)
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


@click.command()
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
