"""Which stored tasks an export takes: proved ones, and those of a wanted difficulty.

A pass rate pools the scored attempts of all policies that make an honest try, or of one that is
named. Reads only; nothing here changes a task.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from data.errors import UserError
from data.store import Store
from data.task import Split, Task, TaskKind

NO_TRY = frozenset({"oracle", "noop", "random", "person"})
"""Policies whose scores say nothing of how hard a task is for a model."""
NUM_NAMED = 5


@dataclass
class LeftOut:
    """Tasks that were not taken, counted as they go by."""

    uncertified: list[str] = field(default_factory=list)
    """Ids of those without a certificate that passed."""
    unplayed: int = 0
    """Those without a scored attempt, where a pass rate was asked for."""
    other_rate: int = 0
    drifted: list[str] = field(default_factory=list)
    """Groups of attempts that are not token-true, each with the place where it shows."""
    attempts: Counter[str] = field(default_factory=Counter)
    """Attempts by the reason why nothing is made of them."""

    def lines(self) -> Iterator[str]:
        """What was left out and why, one line a reason."""
        if self.uncertified:
            named = ", ".join(self.uncertified[:NUM_NAMED])
            more = ", ..." if len(self.uncertified) > NUM_NAMED else ""
            what = _tasks(len(self.uncertified))
            yield f"left out {what} without a passing certificate: {named}{more}; run certify"
        if self.unplayed:
            yield f"left out {_tasks(self.unplayed)} without a scored attempt; run rollout"
        if self.other_rate:
            yield f"left out {_tasks(self.other_rate)} with another pass rate"
        if self.drifted:
            number = f"{len(self.drifted):,} of the groups" if len(self.drifted) > 1 else "1 group"
            yield f"left out {number}: {self.drifted[0]}"
        if self.attempts:
            each = ", ".join(f"{name} {number:,}" for name, number in self.attempts.most_common())
            yield f"left out attempts: {each}"


@dataclass(frozen=True)
class Selection:
    """What is asked for; None and an empty policy ask for nothing in particular."""

    kind: TaskKind | None = None
    split: Split | None = None
    min_pass: float | None = None
    max_pass: float | None = None
    policy: str = ""

    @property
    def bounded(self) -> bool:
        return self.min_pass is not None or self.max_pass is not None


def select(store: Store, selection: Selection, left_out: LeftOut) -> Iterator[Task]:
    """The tasks of `selection` in order of id; the others are counted in `left_out`.

    Raises `UserError` where a pass rate is asked for and there are no attempts to take it from.
    """
    rates = pass_rates(store, selection) if selection.bounded else None
    low = 0.0 if selection.min_pass is None else selection.min_pass
    high = 1.0 if selection.max_pass is None else selection.max_pass
    for task in store.tasks(kind=selection.kind, split=selection.split):
        if task.certificate is None or not task.certificate.passed:
            left_out.uncertified.append(task.id)
        elif rates is None:
            yield task
        elif task.id not in rates:
            left_out.unplayed += 1
        elif low <= rates[task.id] <= high:
            yield task
        else:
            left_out.other_rate += 1


def pass_rates(store: Store, selection: Selection) -> dict[str, float]:
    """Share of scored attempts with the full score, by task id."""
    passed, scored, policies = Counter[str](), Counter[str](), set[str]()
    for rate in store.pass_rates(selection.kind):
        policies.add(rate.policy)
        wanted = rate.policy == selection.policy if selection.policy else rate.policy not in NO_TRY
        if wanted:
            passed[rate.task_id] += rate.num_passed
            scored[rate.task_id] += rate.num_scored
    if not scored:
        asked = f"policy {selection.policy!r}" if selection.policy else "any model or baseline"
        found = f"found only {', '.join(sorted(policies))}" if policies else "found none at all"
        raise UserError(
            f"no scored rollouts of {asked} to take pass rates from; {found}; run rollout"
        )
    return {task_id: passed[task_id] / number for task_id, number in scored.items()}


def _tasks(number: int) -> str:
    return "1 task" if number == 1 else f"{number:,} tasks"
