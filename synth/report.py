"""What is in a store, in numbers: the funnel of each run, how hard the tasks are, who passes them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import sqrt
from statistics import fmean, median
from typing import NamedTuple

from pydantic import JsonValue

from data.record import Record
from data.store import PassRate, Store
from data.task import JsonObject, TaskKind
from data.trajectory import Attempt, Outcome

Z = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


class Interval(NamedTuple):
    low: float
    high: float


class Funnel(Record):
    """One run of synthesis."""

    run: str
    kind: str
    request: JsonObject
    attempted: int
    accepted: int
    rejected: dict[str, int]
    """Counts by reason, the most frequent first."""


class Measure(Record):
    """A measured property of tasks."""

    name: str
    values: tuple[float, ...]
    """Of every task that has it, in order of id."""

    def summary(self) -> JsonObject:
        values = self.values
        return {
            "measure": self.name,
            "tasks": len(values),
            "min": min(values),
            "median": median(values),
            "mean": fmean(values),
            "max": max(values),
        }


class LevelRate(Record):
    """Scored attempts of one policy at the tasks of one level."""

    policy: str
    level: int
    num_tasks: int
    num_passed: int
    num_scored: int

    @property
    def rate(self) -> float:
        return self.num_passed / self.num_scored

    @property
    def interval(self) -> Interval:
        return wilson(self.num_passed, self.num_scored)

    def summary(self) -> JsonObject:
        low, high = self.interval
        fields: JsonObject = self.model_dump(mode="json")
        return {**fields, "pass_rate": self.rate, "low": low, "high": high}


class Report(Record):
    num_tasks: int
    levels: dict[int, int]
    """Number of tasks by level."""
    languages: dict[str, int]
    splits: dict[str, int]
    funnels: tuple[Funnel, ...]
    measures: tuple[Measure, ...]
    pass_rates: tuple[LevelRate, ...]

    def summary(self) -> JsonObject:
        """The report without every single value."""
        counted = {"num_tasks", "levels", "languages", "splits", "funnels"}
        measures: list[JsonValue] = [measure.summary() for measure in self.measures]
        rates: list[JsonValue] = [rate.summary() for rate in self.pass_rates]
        fields: JsonObject = self.model_dump(mode="json", include=counted)
        return {**fields, "measures": measures, "pass_rates": rates}


def report(store: Store, kind: TaskKind | None = None) -> Report:
    """Everything about the tasks of `kind`, or about all; reads each task once."""
    counts = {name: Counter[str]() for name in ("languages", "splits")}
    levels, values = Counter[int](), defaultdict[str, list[float]](list)
    for task in store.tasks(kind=kind):
        counts["languages"][task.language.value] += 1
        counts["splits"][task.split.value] += 1
        levels[task.difficulty.level] += 1
        for name, value in task.difficulty.measures.items():
            values[name].append(value)
    return Report(
        num_tasks=levels.total(),
        levels=dict(sorted(levels.items())),
        languages=dict(sorted(counts["languages"].items())),
        splits=dict(sorted(counts["splits"].items())),
        funnels=tuple(funnels(store, kind)),
        measures=tuple(Measure(name=n, values=tuple(v)) for n, v in sorted(values.items())),
        pass_rates=tuple(by_level(store.pass_rates(kind))),
    )


def funnels(store: Store, kind: TaskKind | None = None) -> Iterator[Funnel]:
    """The runs of `kind`, in order of id."""
    for run in store.runs():
        asked = str(run.request["kind"])
        if kind is None or asked == kind:
            rejected = Counter(run.progress.rejected)
            yield Funnel(
                run=run.id,
                kind=asked,
                request=run.request,
                attempted=run.progress.next_index,
                accepted=run.progress.accepted,
                rejected=dict(rejected.most_common()),
            )


def by_level(rates: Iterable[PassRate]) -> Iterator[LevelRate]:
    """The rates of single tasks pooled by policy and level, in that order."""
    tasks, passed, scored = (Counter[tuple[str, int]]() for _ in range(3))
    for rate in rates:
        key = rate.policy, rate.level
        tasks[key] += 1
        passed[key] += rate.num_passed
        scored[key] += rate.num_scored
    for policy, level in sorted(tasks):
        key = policy, level
        yield LevelRate(
            policy=policy,
            level=level,
            num_tasks=tasks[key],
            num_passed=passed[key],
            num_scored=scored[key],
        )


def attempt_line(attempt: Attempt) -> JsonObject:
    """One attempt in one flat record; `score` is None unless it was scored."""
    turns = attempt.trajectory.turns if attempt.trajectory else ()
    return {
        "task": attempt.task_id,
        "attempt": attempt.attempt,
        "outcome": attempt.outcome.value,
        "score": attempt.verdict.score if attempt.verdict else None,
        "turns": len(turns),
        "tool_calls": sum(len(turn.calls) for turn in turns),
        "seconds": round(attempt.seconds, 3),
    }


def scored(
    store: Store, kind: TaskKind, policy: str, task_ids: Iterable[str], num_attempts: int
) -> Iterator[JsonObject]:
    """Lines of what `policy` has scored already of the first attempts at these tasks."""
    asked = set(task_ids)
    for attempt in store.attempts(kind=kind, policy=policy):
        wanted = attempt.task_id in asked and attempt.attempt < num_attempts
        if wanted and attempt.outcome is Outcome.SCORED:
            yield attempt_line(attempt)


def wilson(num_passed: int, num_scored: int) -> Interval:
    """The 95 % score interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    assert 0 <= num_passed <= num_scored > 0, (num_passed, num_scored)
    share, weight = num_passed / num_scored, Z * Z / num_scored
    centre = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * sqrt(share * (1 - share) / num_scored + weight / (4 * num_scored))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
