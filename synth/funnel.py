"""The funnel: drawn indices go in, certified tasks come out, and every loss has a counted reason.

Workers draw chunks of indices in any order; this process commits them in the order of the indices,
one transaction a chunk. So the tasks of a run do not depend on the number of workers, on chance or
on how often the run was killed, and a second run goes on behind the last committed chunk.
"""

import ctypes
import gc
import logging
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from typing import NamedTuple, Protocol

from data.errors import EnvironmentFault
from data.store import Drawn, Store
from data.task import JsonObject, Task, TaskKind
from synth.certify import Certifier
from synth.replay import Replayer
from synth.request import Rejection, Request, kind_module, run_id

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
CHUNK = 24
"""Indices drawn at once: small enough for live progress, large enough to hide the hand-over."""
AHEAD = 3
"""Chunks in flight for each worker; bounds what is lost to a kill and what is held in memory."""
MAX_BARREN = 4000
"""So many indices in a row without a task end a run: the request cannot be met."""
COLLECTION = (50_000, 20, 10)
"""Thresholds of the garbage collector while tasks are drawn, as `gc.set_threshold` takes them."""


class Progress(NamedTuple):
    attempted: int
    accepted: int
    wanted: int
    rejected: Counter[str]
    seconds: float


class Summary(NamedTuple):
    kind: TaskKind
    attempted: int
    accepted: int
    rejected: dict[str, int]
    seconds: float
    """Of this call; 0 tasks are drawn when the run was complete already."""
    drawn: int
    """Tasks accepted by this call alone."""

    @property
    def accepted_per_second(self) -> float:
        return self.drawn / self.seconds if self.seconds else 0.0

    def record(self) -> JsonObject:
        """What `synth --json` ends with."""
        return {
            "kind": self.kind.value,
            "attempted": self.attempted,
            "accepted": self.accepted,
            "rejected": dict(self.rejected),
            "seconds": round(self.seconds, 3),
            "accepted_per_second": round(self.accepted_per_second, 3),
        }


class Crew(Protocol):
    """Runs `draw` somewhere; `submit` returns at once."""

    def submit(self, request: Request, start: int, stop: int) -> "Future[list[Drawn]]": ...


class Drawer:
    """Draws indices; owns the process in which witnesses are replayed."""

    def __init__(self) -> None:
        self._replayer = Replayer()
        self._certifier = Certifier(self._replayer)

    def close(self) -> None:
        self._replayer.close()

    def draw(self, request: Request, start: int, stop: int) -> list[Drawn]:
        """Draws [start, stop): each a certified task, or the reason why there is none."""
        return [self._one(request, index) for index in range(start, stop)]

    def _one(self, request: Request, index: int) -> Drawn:
        made = kind_module(request.kind).generate(request, index)
        if isinstance(made, Rejection):
            return Drawn(index, None, made.reason)
        task = Task.of(made)
        certificate = self._certifier.certify(task)
        if certificate.passed:
            return Drawn(index, task.certified(certificate), "")
        failure = certificate.failures[0]
        log.info("index %d: %s: %s", index, failure.name, failure.reason)
        return Drawn(index, None, f"certificate_{failure.name}")


_drawer: Drawer | None = None


def draw(request: Request, start: int, stop: int) -> list[Drawn]:
    """`Drawer.draw` in a worker process, which keeps its drawer until it ends."""
    global _drawer
    if _drawer is None:
        _drawer = Drawer()
    return _drawer.draw(request, start, stop)


class _Here:
    """Draws in this process, at once."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer

    def submit(self, request: Request, start: int, stop: int) -> "Future[list[Drawn]]":
        future: Future[list[Drawn]] = Future()
        future.set_result(self._drawer.draw(request, start, stop))
        return future


class _Processes:
    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def submit(self, request: Request, start: int, stop: int) -> "Future[list[Drawn]]":
        return self._pool.submit(draw, request, start, stop)


def _enter() -> None:
    """Ties a worker to its parent: it ends when that is killed, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def local_crew(request: Request, workers: int) -> Iterator[tuple[Crew, int]]:
    """This process for one worker; else processes forked after the library was loaded once."""
    kind_module(request.kind).warm(request)
    with _rare_collection():
        if workers == 1:
            drawer = Drawer()
            try:
                yield _Here(drawer), 1
            finally:
                drawer.close()
            return
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_enter) as pool:
            try:
                yield _Processes(pool), workers * AHEAD
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Keeps the collector off what is loaded, which stays for the run, and seldom runs it.

    Pages that it does not touch stay shared between forked workers. Drawing a task makes many
    objects and next to no cycles, and to look through the caches for one takes long.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTION)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def crew_for(
    request: Request, workers: int, ray_address: str | None
) -> Callable[[], AbstractContextManager[tuple[Crew, int]]]:
    """The processes or, with an address, the Ray cluster that `synthesise` is to work with."""
    if ray_address is None:
        return lambda: local_crew(request, workers)
    # Imported here, as it stands on this module.
    from synth.ray_crew import ray_crew

    return lambda: ray_crew(request, ray_address)


def synthesise(
    request: Request,
    wanted: int,
    store: Store,
    crew: Callable[[], AbstractContextManager[tuple[Crew, int]]],
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Summary:
    """Brings the run of `request` to `wanted` accepted tasks; goes on where it stopped.

    Raises `EnvironmentFault` if workers die or a world breaks: what was committed stays.
    """
    started = time.monotonic()
    run = run_id(request)
    store.begin_run(run, request.model_dump(mode="json"))
    before = store.run_progress(run)
    tally = _Tally(before.next_index, before.accepted, Counter(before.rejected))

    def report() -> None:
        seconds = time.monotonic() - started
        on_progress(Progress(tally.attempted, tally.accepted, wanted, tally.rejected, seconds))

    if tally.accepted < wanted:
        with crew() as (hands, in_flight):
            for drawn in _chunks(request, hands, in_flight, before.next_index):
                kept = _up_to(drawn, wanted - tally.accepted)
                tally.add(store.commit(run, kept))
                report()
                if tally.accepted >= wanted or tally.barren >= MAX_BARREN:
                    break
    report()
    return Summary(
        kind=request.kind,
        attempted=tally.attempted,
        accepted=tally.accepted,
        rejected=dict(sorted(tally.rejected.items())),
        seconds=time.monotonic() - started,
        drawn=tally.accepted - before.accepted,
    )


def _chunks(request: Request, crew: Crew, in_flight: int, start: int) -> Iterator[list[Drawn]]:
    """Results in the order of the indices, with at most `in_flight` chunks under way."""
    starts = count(start, CHUNK)
    pending: list[Future[list[Drawn]]] = []
    while True:
        while len(pending) < in_flight:
            following = next(starts)
            pending.append(crew.submit(request, following, following + CHUNK))
        try:
            yield pending.pop(0).result()
        except BrokenProcessPool as error:
            raise EnvironmentFault(
                "a worker died (killed, or out of memory); run the same command again to go on "
                "where it stopped, with fewer --workers if memory is short"
            ) from error


def _up_to(drawn: list[Drawn], missing: int) -> list[Drawn]:
    """The chunk up to the last task that is wanted, so that a later run continues right there."""
    kept = []
    for row in drawn:
        if missing == 0:
            break
        kept.append(row)
        missing -= row.task is not None
    return kept


class _Tally:
    def __init__(self, attempted: int, accepted: int, rejected: Counter[str]) -> None:
        self.attempted = attempted
        self.accepted = accepted
        self.rejected = rejected
        self.barren = 0

    def add(self, recorded: list[Drawn]) -> None:
        for row in recorded:
            self.attempted += 1
            if row.reason:
                self.rejected[row.reason] += 1
                self.barren += 1
            else:
                self.accepted += 1
                self.barren = 0
