"""One task on the screen: what an agent sees and, where asked for, what it never sees."""

import json
from collections.abc import Iterator
from contextlib import suppress

from pydantic import JsonValue
from rich.console import RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from agents.person import described, written
from data.errors import EnvironmentFault, TaskError
from data.task import Task, TaskKind
from data.trajectory import Attempt
from synth.console.tables import plain_table

MAX_EVIDENCE_CHARS = 90


def panels(task: Task, *, hidden: bool) -> Iterator[RenderableType]:
    """The task from top to bottom; nothing that is hidden from an agent unless `hidden`."""
    yield Text.assemble(
        (task.id, "bold"),
        f"  {task.kind}, {task.language}, level {task.difficulty.level}, {task.split}\n",
        (f"{task.licence}", "dim"),
    )
    for message in task.prompt:
        yield _panel(message.role.value, Text(message.content))
    yield _panel("tools", Text("\n\n".join(described(tool) for tool in task.tools)))
    yield _measures(task)
    yield _checks(task, hidden=hidden)
    if hidden:
        yield from _hidden(task)


def _panel(title: str, body: RenderableType, style: str = "") -> Panel:
    return Panel(body, title=title, title_align="left", border_style=style or "dim")


def _measures(task: Task) -> RenderableType:
    table = plain_table("measure", "value", title="difficulty", numbers=("value",))
    for name, value in task.difficulty.measures.items():
        table.add_row(name, f"{value:g}")
    return table


def _checks(task: Task, *, hidden: bool) -> RenderableType:
    if task.certificate is None:
        return Text("no certificate; run certify", style="yellow")
    columns = ("check", "", "evidence") if hidden else ("check", "")
    table = plain_table(
        *columns, title=f"certificate, checks of version {task.certificate.version}"
    )
    for check in task.certificate.checks:
        outcome = Text("passed", "green") if check.passed else Text("failed", "bold red")
        said = check.reason or _short(dict(check.evidence))
        table.add_row(check.name, outcome, *((Text(said),) if hidden else ()))
    return table


def _hidden(task: Task) -> Iterator[RenderableType]:
    hidden = task.hidden
    yield _panel("answer", _answer(task), "red")
    calls = [f"{number}. {written(call)}" for number, call in enumerate(hidden.witness.calls, 1)]
    yield _panel("witness", Text("\n".join([*calls, hidden.witness.answer])), "red")
    yield _panel("verifier", _json(hidden.verifier), "red")
    yield _panel("proof", _json(hidden.proof), "red")


def _answer(task: Task) -> RenderableType:
    """Of a code task the fix as a diff, where its tree can be had."""
    if task.kind is TaskKind.CODE:
        from envs.code.spec import Parameters
        from envs.code.survey import Changes
        from envs.code.trees import agent_tree
        from synth.code.moves import diff

        left = Changes.model_validate(task.hidden.reference)
        with suppress(TaskError, EnvironmentFault):
            tree = agent_tree(Parameters.model_validate(task.env.parameters))
            text = "".join(diff(tree, left.files))
            return Syntax(text, "diff", word_wrap=True, background_color="default")
    return Text(json.dumps(task.hidden.reference, ensure_ascii=False), "bold")


def _json(value: JsonValue) -> RenderableType:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return Syntax(text, "json", word_wrap=True, background_color="default")


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_EVIDENCE_CHARS else text[:MAX_EVIDENCE_CHARS] + " ..."


def verdict_table(attempt: Attempt) -> RenderableType:
    assert attempt.verdict is not None, "only a judged attempt has a verdict"
    title = f"score {attempt.verdict.score:g} after {attempt.seconds:.0f} s"
    table = plain_table("check", "", "detail", title=title)
    for check in attempt.verdict.checks:
        outcome = Text("passed", "green") if check.passed else Text("failed", "bold red")
        table.add_row(check.name, outcome, Text(check.detail))
    return table
