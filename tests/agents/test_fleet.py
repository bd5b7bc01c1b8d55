"""Work over processes and Ray: every unit once, whoever dies, and never more than may wait."""

import importlib.util
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from agents.fleet import AHEAD, Fleet, Here, Lost, processes, spread

RAY = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="install palaestra with its extra [ray]"
)


LARGE = 1 << 20


def large(number: int) -> str:
    return "x" * (LARGE + number)


def square(number: int) -> int:
    return number * number


def die_once(folder: Path, doomed: frozenset[int], number: int) -> int:
    """Takes its process along at the first try of a doomed number; every play leaves a line."""
    with (folder / str(number)).open("a") as file:
        file.write("played\n")
    if number in doomed and len((folder / str(number)).read_text().splitlines()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die(poison: int, number: int) -> int:
    if number == poison:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def refuse(number: int) -> int:
    if number == 5:
        raise ValueError("five")
    return number


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("workers", [0, 2], ids=["here", "processes"])
def test_every_unit_gives_its_result_once(workers: int, ordered: bool) -> None:
    if workers:
        with processes(workers) as fleet:
            found = list(spread(fleet, square, range(20), ordered=ordered))
    else:
        found = list(spread(Here(), square, range(20), ordered=ordered))
    assert (found if ordered else sorted(found)) == [(n, n * n) for n in range(20)]


@pytest.mark.parametrize("ordered", [False, True])
def test_what_a_killed_worker_had_is_played_by_another(tmp_path: Path, ordered: bool) -> None:
    work = partial(die_once, tmp_path, frozenset({3, 11}))
    with processes(2) as fleet:
        found = list(spread(fleet, work, range(16), ordered=ordered))
    assert sorted(found) == [(n, n * n) for n in range(16)]
    if ordered:
        assert found == sorted(found)


def test_a_unit_that_kills_every_worker_is_given_up_and_no_other_is() -> None:
    with processes(2) as fleet:
        found = dict(spread(fleet, partial(die, 4), range(12)))
    lost = found.pop(4)
    assert isinstance(lost, Lost)
    assert "3 workers died while they had it: the last by SIGKILL" in lost.reason
    assert found == {n: n * n for n in range(12) if n != 4}


def halves(unit: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    middle = len(unit) // 2
    return (unit[:middle], unit[middle:]) if middle else (unit,)


def sums(poison: int, unit: tuple[int, ...]) -> list[int]:
    return [die(poison, number) for number in unit]


def test_of_a_unit_that_can_be_split_only_the_part_that_kills_is_given_up() -> None:
    units = [tuple(range(start, start + 8)) for start in range(0, 32, 8)]
    with processes(2) as fleet:
        found = dict(spread(fleet, partial(sums, 13), units, split=halves))
    assert isinstance(found.pop((13,)), Lost)
    assert sorted(n for unit in found for n in unit) == [n for n in range(32) if n != 13]
    assert all(result == [n * n for n in unit] for unit, result in found.items())


def test_units_are_read_only_as_far_as_workers_are_free() -> None:
    read = given = 0

    def units() -> Iterator[int]:
        nonlocal read
        for number in range(40):
            read += 1
            yield number

    with processes(2) as fleet:
        for _ in spread(fleet, square, units(), ordered=True):
            given += 1
            assert read <= given + 2 * AHEAD
    assert (read, given) == (40, 40)


def test_who_leaves_early_waits_for_no_answer() -> None:
    """Answers larger than a pipe holds, which nobody reads any more."""

    def too_late(*_: object) -> None:
        raise TimeoutError("the fleet does not close")

    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(20)
    try:
        with processes(2) as fleet:
            results = spread(fleet, large, count(), ordered=True)
            assert len(str(next(results)[1])) == LARGE
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert not multiprocessing.active_children()


def test_an_error_of_the_work_is_raised_and_leaves_no_process() -> None:
    def play(fleet: Fleet) -> None:
        list(spread(fleet, refuse, range(40)))

    with pytest.raises(ValueError, match="five"), processes(2) as fleet:
        play(fleet)
    assert multiprocessing.active_children() == []


@RAY
@pytest.mark.slow
def test_ray_plays_on_when_workers_die_and_when_a_node_is_lost(tmp_path: Path) -> None:
    import ray
    from ray.cluster_utils import Cluster

    from agents.ray_fleet import ray_fleet

    # The checkout travels to the nodes without its tests.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        lost = cluster.add_node(num_cpus=1)
        with ray_fleet(cluster.address) as fleet:
            work = partial(die_once, tmp_path, frozenset({3}))
            found = []
            for number, result in spread(fleet, work, range(24)):
                found.append((number, result))
                if len(found) == 6:
                    cluster.remove_node(lost, allow_graceful=False)
    finally:
        cluster.shutdown()
    assert sorted(found) == [(n, n * n) for n in range(24)]
    assert len((tmp_path / "3").read_text().splitlines()) > 1
