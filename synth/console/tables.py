"""Tables of the command line: kinds, tasks, funnels, rates, findings."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from data.exporters.base import Manifest
from data.task import JsonObject, Role, Task, TaskKind
from envs.base import Finding
from synth.funnel import Summary
from synth.report import Funnel, Rate, Report, hardest_domains
from synth.request import Catalogue

WORDS_CHARS = 70


def plain_table(*columns: str, title: str = "", numbers: Iterable[str] = ()) -> Table:
    """An empty table; `numbers` are the columns set flush right."""
    right = set(numbers)
    table = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold"
    )
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def kinds_table(kinds: Mapping[TaskKind, Catalogue]) -> Table:
    table = plain_table("kind", "source or domain", "what it is")
    for kind, (sources, domains, environments) in kinds.items():
        rows = list(sources.items())
        if domains:
            rows.append((f"{len(domains)} domains", ", ".join(domains)))
        if environments:
            rows.append(("", f"{environments:,} environments"))
        for number, (name, about) in enumerate(rows):
            table.add_row("" if number else kind, name, Text(about))
        table.add_section()
    return table


def funnel_table(summary: Summary) -> Table:
    rate = f"{summary.accepted_per_second:.1f}/s" if summary.drawn else "was complete"
    title = f"{summary.kind}: {summary.seconds:.1f} s, {rate}"
    return _funnel(title, summary.attempted, summary.accepted, summary.rejected)


def run_tables(funnel: Funnel) -> Iterator[RenderableType]:
    """What a run was asked for, and what came of it."""
    asked = {**funnel.request, **_options(funnel)}
    said = ", ".join(
        f"{key} {_said(value)}"
        for key, value in asked.items()
        if value is not None and key not in ("kind", "options")
    )
    yield Text(f"\n{funnel.kind} run {funnel.run}: {said}", "bold")
    yield _funnel("", funnel.attempted, funnel.accepted, funnel.rejected)


def _options(funnel: Funnel) -> dict[str, object]:
    options = funnel.request.get("options")
    return dict(options) if isinstance(options, dict) else {}


def _said(value: object) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)


def _funnel(title: str, attempted: int, accepted: int, rejected: Mapping[str, int]) -> Table:
    table = plain_table("", "tasks", "share", title=title, numbers=("tasks", "share"))
    table.add_row("attempted", f"{attempted:,}", "")
    for reason, number in sorted(rejected.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(f"- {reason}", f"{number:,}", share(number, attempted), style="dim")
    table.add_row("accepted", f"{accepted:,}", share(accepted, attempted), style="bold green")
    return table


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def share(number: int, total: int) -> str:
    return f"{number / total:.1%}" if total else "-"


def tasks_table(tasks: Iterable[Task]) -> Table:
    table = plain_table("id", "kind", "lang", "level", "split", "question", numbers=("level",))
    table.columns[0].no_wrap = True
    for task in tasks:
        table.add_row(
            task.id,
            task.kind,
            task.language,
            str(task.difficulty.level),
            task.split,
            Text(shortened(question(task), WORDS_CHARS)),
        )
    return table


def task_line(task: Task) -> JsonObject:
    """What `tasks --json` says of a task; nothing that is hidden from an agent."""
    return {
        "id": task.id,
        "kind": task.kind.value,
        "language": task.language.value,
        "split": task.split.value,
        "level": task.difficulty.level,
        "question": question(task),
    }


def question(task: Task) -> str:
    """What the task asks: its last user message."""
    return next((m.content for m in reversed(task.prompt) if m.role is Role.USER), "")


def shortened(text: str, limit: int) -> str:
    """The first words of `text` in one line."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[:limit].rsplit(" ", 1)[0] + " ..."


def rates_table(rates: Iterable[Rate], title: str = "pass rate by level") -> Table:
    """`solved` are tasks with at least one attempt that passed."""
    rows = list(rates)
    by_domain = any(rate.domain for rate in rows)
    place = "domain" if by_domain else "level"
    kinds = ("kind",) if len({rate.kind for rate in rows}) > 1 else ()
    numbers = ("tasks", "solved", "attempts", "passed", "pass rate", "95 % interval")
    columns = ("policy", *kinds, place, *numbers)
    table = plain_table(*columns, title=title, numbers=("level", *numbers))
    before = ("", "")
    for rate in rows:
        here = (rate.policy, rate.kind)
        if before[0] and here != before:
            table.add_section()
        low, high = rate.interval
        table.add_row(
            "" if rate.policy == before[0] else rate.policy,
            *(("" if here == before else rate.kind,) if kinds else ()),
            rate.domain if by_domain else str(rate.level),
            f"{rate.num_tasks:,}",
            f"{rate.num_solved:,}",
            f"{rate.num_scored:,}",
            f"{rate.num_passed:,}",
            f"{rate.rate:.1%}",
            f"{low:.1%} to {high:.1%}",
        )
        before = here
    return table


def measures_table(report: Report) -> Table:
    numbers = ("tasks", "min", "median", "mean", "max")
    table = plain_table("measure", *numbers, title="difficulty", numbers=numbers)
    for measure in report.measures:
        summary = measure.summary()
        table.add_row(
            measure.name, f"{summary['tasks']:,}", *(f"{summary[n]:g}" for n in numbers[1:])
        )
    return table


def counts_line(report: Report) -> str:
    """The store in one line."""

    def listed(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{name} {number:,}" for name, number in counts.items())

    levels = {f"level {level}": number for level, number in report.levels.items()}
    parts = (listed(levels), listed(report.languages), listed(report.splits))
    return f"{counted(report.num_tasks, 'task')}: {'; '.join(part for part in parts if part)}"


def report_tables(report: Report) -> Iterator[RenderableType]:
    """The whole report; an empty store says so."""
    if not report.num_tasks and not report.funnels:
        yield Text("no tasks and no runs yet; make some with synth")
        return
    yield Text(counts_line(report))
    for funnel in report.funnels:
        yield from run_tables(funnel)
    if report.measures:
        yield measures_table(report)
    if report.pass_rates:
        yield rates_table(report.pass_rates)
        if report.domain_rates:
            hardest = hardest_domains(report.domain_rates)
            shown = [rate for rate in report.domain_rates if rate.domain in hardest]
            num_domains = len({rate.domain for rate in report.domain_rates})
            which = f" ({len(hardest)} hardest of {num_domains:,})"
            title = "pass rate by domain" + which * (num_domains > len(hardest))
            yield rates_table(shown, title)
    else:
        yield Text("no scored attempts yet; run rollout")


def manifest_table(manifest: Manifest, out: Path) -> Table:
    title = f"{counted(manifest.tasks, 'task')} as {manifest.format} in {out}"
    table = plain_table("file", "rows", "sha256", title=title, numbers=("rows",))
    for file in manifest.files:
        table.add_row(file.path, "" if file.rows is None else f"{file.rows:,}", file.sha256[:16])
    return table


def findings_table(findings: Iterable[Finding]) -> Table:
    table = plain_table("what", "", "found, or what to do")
    for finding in findings:
        word, style = ("works", "green") if finding.works else ("missing", "yellow")
        if finding.required and not finding.works:
            word, style = "broken", "bold red"
        table.add_row(finding.name, Text(word, style), Text(finding.detail))
    return table
