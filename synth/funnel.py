"""The funnel: drawn indices go in, certified tasks come out, and every loss has a counted reason.

Workers draw chunks of indices in any order; this process commits them in the order of the indices,
one transaction a chunk. So the tasks of a run do not depend on the number of workers, on chance or
on how often the run was killed, and a second run goes on behind the last committed chunk.
"""

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from typing import NamedTuple

from agents.fleet import Fleet, Here, Lost, processes, spread
from agents.ray_fleet import ray_fleet
from data.errors import EnvironmentFault
from data.store import Drawn, Store
from data.task import JsonObject, Task, TaskKind
from synth.certify import Certifier
from synth.replay import Replayer
from synth.request import Rejection, Request, kind_module, run_id

log = logging.getLogger(__name__)

CHUNK = 24
"""Indices drawn at once: small enough for live progress, large enough to hide the hand-over."""
MIN_CHUNKS = 8
"""A run that wants few tasks draws fewer at once, so that few are drawn for nothing."""
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


class Crew(NamedTuple):
    """Who draws, and by which function."""

    fleet: Fleet
    draw: Callable[[Request, int, int], list[Drawn]]


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


@contextmanager
def local_crew(request: Request, workers: int) -> Iterator[Crew]:
    """This process for one worker; else processes forked after the library was loaded once."""
    kind_module(request.kind).warm(request)
    with _rare_collection():
        if workers > 1:
            with processes(workers) as fleet:
                yield Crew(fleet, draw)
            return
        drawer = Drawer()
        try:
            yield Crew(Here(), drawer.draw)
        finally:
            drawer.close()


@contextmanager
def _cluster_crew(request: Request, address: str) -> Iterator[Crew]:
    # The index is built once, before every worker asks for it.
    kind_module(request.kind).warm(request)
    with ray_fleet(address) as fleet:
        yield Crew(fleet, draw)


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
) -> Callable[[], AbstractContextManager[Crew]]:
    """The processes or, with an address, the Ray cluster that `synthesise` is to work with."""
    if ray_address is None:
        return lambda: local_crew(request, workers)
    return lambda: _cluster_crew(request, ray_address)


def synthesise(
    request: Request,
    wanted: int,
    store: Store,
    crew: Callable[[], AbstractContextManager[Crew]],
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Summary:
    """Brings the run of `request` to `wanted` accepted tasks; goes on where it stopped.

    Raises `EnvironmentFault` if a world breaks, or workers die on the same indices time after time:
    what was committed stays.
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
        chunk = max(1, min(CHUNK, wanted // MIN_CHUNKS))
        with crew() as hands:
            for drawn in _chunks(request, hands, before.next_index, chunk):
                while drawn and tally.accepted < wanted:
                    # The store may know some of these tasks, so fewer than hoped may be admitted.
                    kept = _up_to(drawn, wanted - tally.accepted)
                    tally.add(store.commit(run, kept))
                    drawn = drawn[len(kept) :]
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


def _chunks(request: Request, crew: Crew, start: int, chunk: int) -> Iterator[list[Drawn]]:
    """Results in the order of the indices."""
    work = partial(_drawn, crew.draw, request, chunk)
    for first, drawn in spread(crew.fleet, work, count(start, chunk), ordered=True):
        if isinstance(drawn, Lost):
            raise EnvironmentFault(
                f"indices {first} to {first + chunk - 1}: {drawn.reason}; run the same command "
                "again to go on where it stopped, with fewer --workers if memory is short"
            )
        yield drawn


def _drawn(
    draw: Callable[[Request, int, int], list[Drawn]], request: Request, chunk: int, first: int
) -> list[Drawn]:
    return draw(request, first, first + chunk)


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
