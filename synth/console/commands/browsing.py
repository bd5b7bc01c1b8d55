"""Commands on single tasks: tasks, show, play."""

from typing import TYPE_CHECKING

import click

from synth.console.frame import COUNT, emit, kind_option, note, open_store, shared, show

if TYPE_CHECKING:
    from data.task import TaskKind


@click.command()
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


@click.command("show")
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


@click.command()
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
        store.add_attempt(attempt, group_size=number + 1)
    emit(attempt_line(attempt)) if as_json else show(verdict_table(attempt))
