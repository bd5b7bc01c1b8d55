"""What is in a store, in numbers: the funnel of each run, how hard the tasks are, who passes them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean, median

from pydantic import JsonValue

from data.rates import Interval, wilson
from data.record import Record
from data.store import PassRate, Store
from data.task import JsonObject, TaskKind
from data.trajectory import Attempt, Outcome

MAX_DOMAINS = 24
"""Domains that tables and pictures show; a kind may have thousands."""


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


class Rate(Record):
    """Complete groups of one policy, pooled over the tasks of one kind, domain and level."""

    policy: str
    kind: str
    domain: str = ""
    """Empty for a kind with one world, and where domains are pooled."""
    level: int | None = None
    """None where levels are pooled."""
    num_tasks: int
    num_solved: int
    """Tasks with at least one attempt that passed: pass@k, for groups of k."""
    num_passed: int
    num_scored: int

    @property
    def rate(self) -> float:
        return self.num_passed / self.num_scored

    @property
    def interval(self) -> Interval:
        return wilson(self.num_passed, self.num_scored)

    @property
    def solved(self) -> Interval:
        """The interval of the share of tasks that were solved at least once."""
        return wilson(self.num_solved, self.num_tasks)

    def summary(self) -> JsonObject:
        low, high = self.interval
        solved_low, solved_high = self.solved
        fields: JsonObject = self.model_dump(mode="json")
        return {
            **fields,
            "pass_rate": self.rate,
            "low": low,
            "high": high,
            "solved_rate": self.num_solved / self.num_tasks,
            "solved_low": solved_low,
            "solved_high": solved_high,
        }


class Report(Record):
    num_tasks: int
    levels: dict[int, int]
    """Number of tasks by level."""
    languages: dict[str, int]
    splits: dict[str, int]
    funnels: tuple[Funnel, ...]
    measures: tuple[Measure, ...]
    pass_rates: tuple[Rate, ...]
    """By policy, kind and level."""
    domain_rates: tuple[Rate, ...]
    """By policy, kind and domain; empty if no kind has several."""

    def summary(self) -> JsonObject:
        """The report without every single value."""
        counted = {"num_tasks", "levels", "languages", "splits", "funnels"}
        measures: list[JsonValue] = [measure.summary() for measure in self.measures]
        rates: list[JsonValue] = [rate.summary() for rate in self.pass_rates]
        domains: list[JsonValue] = [rate.summary() for rate in self.domain_rates]
        fields: JsonObject = self.model_dump(mode="json", include=counted)
        return {**fields, "measures": measures, "pass_rates": rates, "domain_rates": domains}


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
    rates = store.pass_rates(kind)
    return Report(
        num_tasks=levels.total(),
        levels=dict(sorted(levels.items())),
        languages=dict(sorted(counts["languages"].items())),
        splits=dict(sorted(counts["splits"].items())),
        funnels=tuple(funnels(store, kind)),
        measures=tuple(Measure(name=n, values=tuple(v)) for n, v in sorted(values.items())),
        pass_rates=tuple(by_level(rates)),
        domain_rates=tuple(by_domain(rates)),
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


def by_level(rates: Iterable[PassRate]) -> Iterator[Rate]:
    """The rates of single tasks pooled by policy, kind and level, in that order."""
    return _pooled(rates, lambda rate: (rate.policy, rate.kind, "", rate.level))


def by_domain(rates: Iterable[PassRate]) -> Iterator[Rate]:
    """Those of tasks with a domain pooled by policy, kind and domain, in that order."""
    named = (rate for rate in rates if rate.domain)
    return _pooled(named, lambda rate: (rate.policy, rate.kind, rate.domain, 0))


def hardest_domains(rates: Sequence[Rate]) -> list[str]:
    """The domains worth showing: those that are passed least, the hardest first."""
    passed, scored = Counter[str](), Counter[str]()
    for rate in rates:
        passed[rate.domain] += rate.num_passed
        scored[rate.domain] += rate.num_scored
    hardest = sorted(scored, key=lambda name: (passed[name] / scored[name], name))
    return hardest[:MAX_DOMAINS]


def _pooled(
    rates: Iterable[PassRate], key: Callable[[PassRate], tuple[str, str, str, int]]
) -> Iterator[Rate]:
    pools = defaultdict[tuple[str, str, str, int], list[PassRate]](list)
    for rate in rates:
        pools[key(rate)].append(rate)
    for (policy, kind, domain, level), pool in sorted(pools.items()):
        yield Rate(
            policy=policy,
            kind=kind,
            domain=domain,
            level=level or None,
            num_tasks=len(pool),
            num_solved=sum(rate.num_passed > 0 for rate in pool),
            num_passed=sum(rate.num_passed for rate in pool),
            num_scored=sum(rate.num_scored for rate in pool),
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
