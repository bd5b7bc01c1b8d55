"""Work spread over processes: this machine's, or those of a Ray cluster (`agents/ray_fleet.py`).

Units go out, results come back, and only the caller records them, so a result counts once however
often a unit was played. What a dead worker had is played again by another; a unit at which workers
die time after time is given up and handed back as `Lost`. Whoever is free takes the next unit; there
are no priorities, placements or quotas here.
"""

import ctypes
import gc
import multiprocessing
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import ForkProcess
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

AHEAD = 3
"""Units in flight for each worker; bounds what is held in memory and what waits for a slow one."""
MAX_LOSSES = 3
"""So many workers may die at a unit before it is given up."""
CLOSE_S = 30.0
"""How long a worker that was told to end may take before it is killed."""
_PR_SET_PDEATHSIG = 1

U = TypeVar("U")
R = TypeVar("R")


class Fleet(Protocol):
    """Workers that take any picklable function."""

    @property
    def num_workers(self) -> int: ...

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        """Plays `unit` on some worker; returns at once.

        The future fails with `WorkerLost` if the worker dies, and else with what `work` raised.
        """

    def wait(self, futures: Sequence["Future[Any]"]) -> None:
        """Returns once one of `futures` has ended."""


class WorkerLost(Exception):
    """Caught by `spread`, which sends the unit again or hands it back as `Lost`."""


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
        for unit in islice(source, max(0, AHEAD * fleet.num_workers - len(sent))):
            sent.append(_Sent(unit, fleet.submit(work, unit)))
        if not sent:
            return
        awaited = sent[:1] if ordered else sent
        fleet.wait([each.future for each in awaited])
        ended = next(each for each in awaited if each.future.done())
        if not isinstance(error := ended.future.exception(), WorkerLost):
            sent.remove(ended)
            yield ended.unit, ended.future.result()
        elif len(parts := split(ended.unit)) > 1:
            sent.remove(ended)
            sent += [_Sent(part, fleet.submit(work, part)) for part in parts]
        elif (losses := ended.losses + 1) < MAX_LOSSES:
            ended.losses, ended.future = losses, fleet.submit(work, ended.unit)
        else:
            sent.remove(ended)
            yield ended.unit, Lost(f"{losses} workers died while they had it: {error}")


class Here:
    """No fleet at all: every unit is played at once, in this process."""

    num_workers = 1

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        future: Future[R] = Future()
        future.set_result(work(unit))
        return future

    def wait(self, futures: Sequence["Future[Any]"]) -> None:
        return


class _Task(NamedTuple):
    work: Callable[[Any], Any]
    unit: Any
    future: "Future[Any]"


class _Processes:
    """A worker a process, a pipe to each, and no thread: a fork finds no lock held by another.

    `concurrent.futures` has such a pool too, but there one death takes the work of all along.
    """

    def __init__(self, num_workers: int) -> None:
        # What is loaded stays for the run: keeping the collector off it keeps its pages shared.
        gc.collect()
        gc.freeze()
        self.num_workers = num_workers
        self._workers: dict[Connection, ForkProcess] = {}
        self._idle: list[Connection] = []
        self._busy: dict[Connection, _Task] = {}
        self._waiting: deque[_Task] = deque()
        for _ in range(num_workers):
            self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        worker = context.Process(target=_serve, args=(theirs,))
        worker.start()
        # Only the worker may hold its end, or its death would not be noticed.
        theirs.close()
        self._workers[ours] = worker
        self._idle.append(ours)

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        future: Future[R] = Future()
        self._waiting.append(_Task(work, unit, future))
        self._hand_out()
        return future

    def wait(self, futures: Sequence["Future[Any]"]) -> None:
        while not any(future.done() for future in futures):
            for pipe in wait_for(list(self._busy)):
                assert isinstance(pipe, Connection)
                self._receive(pipe)
            self._hand_out()

    def _hand_out(self) -> None:
        while self._idle and self._waiting:
            pipe, task = self._idle.pop(), self._waiting.popleft()
            self._busy[pipe] = task
            # One that died while it was idle cannot be told; its pipe then ends at once.
            with suppress(BrokenPipeError, ConnectionResetError):
                pipe.send((task.work, task.unit))

    def _receive(self, pipe: Connection) -> None:
        task = self._busy.pop(pipe)
        try:
            error, result = pipe.recv()
        except (EOFError, ConnectionResetError):
            task.future.set_exception(WorkerLost(self._replace(pipe)))
            return
        self._idle.append(pipe)
        if error is None:
            task.future.set_result(result)
        else:
            task.future.set_exception(error)

    def _replace(self, pipe: Connection) -> str:
        """A new worker in the place of a dead one; how that one ended."""
        worker = self._workers.pop(pipe)
        pipe.close()
        worker.join()
        code = worker.exitcode or 0
        worker.close()
        self._start()
        return f"the last by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def close(self, *, at_once: bool) -> None:
        """Ends the workers. What one still plays is wanted by nobody, so it is not waited for.

        A worker that was waited for could itself wait for somebody to read its answer.
        """
        for pipe, worker in self._workers.items():
            if at_once or pipe in self._busy:
                worker.terminate()
            else:
                with suppress(BrokenPipeError, ConnectionResetError):
                    pipe.send(None)
        for pipe, worker in self._workers.items():
            worker.join(CLOSE_S)
            if worker.exitcode is None:
                worker.kill()
                worker.join()
            worker.close()
            pipe.close()


def _serve(pipe: Connection) -> None:
    """A worker: plays what it is sent, one after another, until it is told to end.

    It ends when its parent is killed, and leaves Ctrl-C to it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    while (given := pipe.recv()) is not None:
        work, unit = given
        try:
            answer: tuple[Exception | None, Any] = None, work(unit)
        except Exception as error:  # noqa: BLE001 - raised again in the process that asked
            error.add_note(traceback.format_exc())
            answer = error, None
        pipe.send(answer)


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
