"""Groups: the attempts of one policy at one task, which count only once they are complete.

A group is complete when all attempts asked for are scored, or as soon as those that are settle
whether the task's pass rate lies in a band. An attempt without a score leaves its group open.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol

from data.rates import Band
from data.task import Task, TaskKind
from data.trajectory import Attempt


class AttemptStore(Protocol):
    """What a rollout needs of the store."""

    def add_attempt(self, attempt: Attempt, group_size: int = 0) -> bool:
        """Records `attempt`, and with `group_size` that so many complete its group, or neither.

        False if what the store holds of the attempt stays, as a score always does.
        """

    def close_group(self, task_id: str, policy: str, size: int) -> None:
        """Records that the first `size` attempts are complete; a larger group stays."""

    def scores(self, policy: str, kind: TaskKind) -> dict[tuple[str, int], float]:
        """Scores of `policy` by task id and attempt: what it need not play again."""

    def groups(self, policy: str, kind: TaskKind) -> dict[str, int]:
        """Sizes of the complete groups of `policy` by task id."""


class Unit(NamedTuple):
    """One attempt to be played."""

    task: Task
    number: int


@dataclass
class Group:
    """The attempts at one task; `passed` says of each scored one if it has the full score."""

    wanted: int
    band: Band | None
    passed: dict[int, bool] = field(default_factory=dict)

    def size(self) -> int:
        """Attempts that make the group complete, counted from the first; 0 while it is open."""
        num_passed = 0
        for number in range(self.wanted):
            if number not in self.passed:
                return 0
            num_passed += self.passed[number]
            if self.band and self.band.decided(num_passed, number + 1, self.wanted):
                return number + 1
        return self.wanted


class Plan:
    """What is still to be played of `attempts` attempts at each task, each once.

    Without a band the attempts at a task follow one another. With one, `width` tasks take turns, so
    that the first attempts at a task have ended when its next is due, and may not be needed.
    """

    def __init__(
        self,
        store: AttemptStore,
        policy: str,
        attempts: int,
        band: Band | None = None,
        width: int = 1,
    ) -> None:
        self.num_present = 0
        """Attempts that the store held a score of before this run."""
        self.num_spared = 0
        """Attempts that are not needed, as their group was decided before."""
        self._store = store
        self._policy = policy
        self._attempts = attempts
        self._band = band
        self._width = width if band else 1
        self._open: dict[str, Group] = {}
        self._seen: set[str] = set()
        self._scores: dict[TaskKind, dict[str, dict[int, bool]]] = {}
        self._closed: dict[TaskKind, dict[str, int]] = {}

    def units(self, tasks: Iterable[Task]) -> Iterator[Unit]:
        """Reads `tasks` as far as needed, however often it repeats one."""
        fresh = (task for task in tasks if self._is_new(task))
        while window := list(islice(fresh, self._width)):
            groups = [self._begin(task) for task in window]
            for index in range(self._attempts):
                for task, group in zip(window, groups, strict=True):
                    if index in group.passed:
                        continue
                    if group.size():
                        self.num_spared += 1
                    else:
                        yield Unit(task, index)

    def scored(self, task_id: str, index: int, score: float) -> int:
        """Takes in a score; the size of the group if this completes it, else 0."""
        group = self._open.get(task_id)
        if group is None:
            return 0
        group.passed[index] = score == 1
        size = group.size()
        if size:
            del self._open[task_id]
        return size

    def _is_new(self, task: Task) -> bool:
        new = task.id not in self._seen
        self._seen.add(task.id)
        return new

    def _begin(self, task: Task) -> Group:
        known = self._known(task.kind).pop(task.id, {})
        passed = {index: good for index, good in known.items() if index < self._attempts}
        group = Group(self._attempts, self._band, passed)
        self.num_present += len(passed)
        if not (size := group.size()):
            self._open[task.id] = group
        elif self._closed[task.kind].get(task.id, 0) < size:
            # Another run scored the attempts, and was killed or asked for more of them.
            self._store.close_group(task.id, self._policy, size)
        return group

    def _known(self, kind: TaskKind) -> dict[str, dict[int, bool]]:
        if kind not in self._scores:
            found: dict[str, dict[int, bool]] = {}
            for (task_id, index), score in self._store.scores(self._policy, kind).items():
                found.setdefault(task_id, {})[index] = score == 1
            self._scores[kind] = found
            self._closed[kind] = self._store.groups(self._policy, kind)
        return self._scores[kind]
