"""Work spread over processes: this machine's, or those of a Ray cluster (`agents/ray_fleet.py`).

Units go out, results come back, and only the caller records them, so a result counts once however
often a unit was played. What a dead worker had is played again by another; a unit on which workers
die time after time is given up and handed back as `Lost`. Scheduling is that of the pool or of Ray.
"""

import ctypes
import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

AHEAD = 3
"""Units in flight for each worker; bounds what is lost to a kill and what is held in memory."""
MAX_LOSSES = 2
"""So often a unit is sent again after a worker died, and then so often played alone."""
_PR_SET_PDEATHSIG = 1

U = TypeVar("U")
R = TypeVar("R")


class Fleet(Protocol):
    """Workers that take any picklable function."""

    @property
    def in_flight(self) -> int:
        """Units to hand out before the first comes back."""

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        """Plays `unit` on some worker; returns at once.

        The future fails with `BrokenProcessPool` where workers were lost, `WorkerLost` where that
        has happened time after time, and else with what `work` raised.
        """

    def mend(self) -> None:
        """Replaces lost workers; called when nothing is in flight."""


class WorkerLost(Exception):
    """Caught by `spread`, which hands the unit back as `Lost`."""


class Lost(NamedTuple):
    """In the place of a result: every worker that had the unit died."""

    reason: str


@dataclass
class _Sent(Generic[U, R]):
    unit: U
    future: "Future[R]"
    losses: int = 0


def whole(unit: U) -> Sequence[U]:
    """For units that cannot be split."""
    return (unit,)


def spread(
    fleet: Fleet,
    work: Callable[[U], R],
    units: Iterable[U],
    *,
    ordered: bool = False,
    split: Callable[[U], Sequence[U]] = whole,
) -> Iterator[tuple[U, R | Lost]]:
    """Plays every unit and gives its result once, as they come or in the order of `units`.

    `units` is read only as far as workers are free, and an unfinished result holds back those that
    follow it if they are `ordered`. A unit that was lost is played again in the parts that `split`
    makes of it, so that those at which workers die are found. Raises what `work` raises.
    """
    assert not ordered or split is whole, "parts have no order"
    source = iter(units)
    sent: list[_Sent[U, R]] = []
    while True:
        for unit in islice(source, max(0, fleet.in_flight - len(sent))):
            sent.append(_Sent(unit, fleet.submit(work, unit)))
        if not sent:
            return
        awaited = sent[:1] if ordered else sent
        wait([each.future for each in awaited], return_when=FIRST_COMPLETED)
        ended = next(each for each in awaited if each.future.done())
        error = ended.future.exception()
        if isinstance(error, BrokenProcessPool):
            _send_again(fleet, work, sent, split)
            continue
        sent.remove(ended)
        if not isinstance(error, WorkerLost):
            yield ended.unit, ended.future.result()
        elif len(parts := split(ended.unit)) > 1:
            sent += [_Sent(part, fleet.submit(work, part)) for part in parts]
        else:
            yield ended.unit, Lost(str(error))


def _send_again(
    fleet: Fleet,
    work: Callable[[U], R],
    sent: list[_Sent[U, R]],
    split: Callable[[U], Sequence[U]],
) -> None:
    """After a worker died: replaces it, and sends what was in flight once more.

    Nobody knows which unit is to blame. What can be split is; what cannot, and was there when it
    happened repeatedly, is played alone, and is given up if workers die then as well.
    """
    wait([each.future for each in sent])
    fleet.mend()
    again: list[_Sent[U, R]] = []
    for place, each in enumerate(list(sent)):
        if not isinstance(each.future.exception(), BrokenProcessPool):
            continue
        if len(parts := split(each.unit)) > 1:
            halves = [_Sent(part, each.future) for part in parts]
            sent[place] = halves[0]
            sent += halves[1:]
            again += halves
        elif each.losses < MAX_LOSSES:
            each.losses += 1
            again.append(each)
        else:
            each.future = _alone(fleet, work, each)
    for each in again:
        each.future = fleet.submit(work, each.unit)


def _alone(fleet: Fleet, work: Callable[[U], R], suspect: _Sent[U, R]) -> "Future[R]":
    """The ended future of a unit that is played while nothing else is."""
    for _ in range(MAX_LOSSES):
        future = fleet.submit(work, suspect.unit)
        if not isinstance(future.exception(), BrokenProcessPool):
            return future
        fleet.mend()
    future = Future()
    died = f"{suspect.losses + 1 + MAX_LOSSES} workers died while they had it"
    future.set_exception(WorkerLost(f"{died} (killed, or out of memory)"))
    return future


class Here:
    """No fleet at all: every unit is played at once, in this process."""

    in_flight = 1

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        future: Future[R] = Future()
        future.set_result(work(unit))
        return future

    def mend(self) -> None:
        raise AssertionError("this process cannot lose itself")


class _Processes:
    def __init__(self, num_workers: int) -> None:
        self.in_flight = num_workers * AHEAD
        self._num_workers = num_workers
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        # What is loaded stays for the run: keeping the collector off it keeps its pages shared.
        gc.collect()
        gc.freeze()
        context = multiprocessing.get_context("fork")
        return ProcessPoolExecutor(self._num_workers, mp_context=context, initializer=_enter)

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        try:
            return self._pool.submit(work, unit)
        except BrokenProcessPool as error:
            future: Future[R] = Future()
            future.set_exception(error)
            return future

    def mend(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._new()

    def close(self, *, at_once: bool) -> None:
        # The pool itself would let every worker finish what it has, be it hours.
        for child in multiprocessing.active_children() if at_once else ():
            child.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _enter() -> None:
    """Ties a worker to its parent: it ends when that is killed, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def processes(num_workers: int) -> Iterator[Fleet]:
    """Processes forked from this one, with all that it has loaded; they never outlive it.

    An error, or Ctrl-C, ends them at once, in the middle of their work.
    """
    fleet = _Processes(num_workers)
    at_once = True
    try:
        yield fleet
        at_once = False
    finally:
        fleet.close(at_once=at_once)
