"""Hundreds of episodes with every kind of fault: each accounted for, none misjudged, none leaked."""

from pathlib import Path

import pytest

from benchmarks.fault_injection import Leaks, inject
from benchmarks.faulty_endpoint import Injected
from data.trajectory import Boundary

EVERY = 2 * len(Injected)
NOTHING = Leaks(0, 0, 0, 0)


def test_every_episode_of_one_loop_ends_as_its_fault_says(tmp_path: Path) -> None:
    done = inject(tmp_path, 6 * EVERY, in_flight=48, every=EVERY, patience_s=2.5)
    assert done.wrong == []
    assert done.leaked == NOTHING
    assert done.summary.num_attempts == 6 * EVERY
    others = {Boundary.WORKER, Boundary.HARNESS, Boundary.TASK}
    assert set(done.summary.boundaries) == set(Boundary) - others


@pytest.mark.slow
def test_every_episode_ends_once_though_workers_are_killed(tmp_path: Path) -> None:
    done = inject(tmp_path, 2 * EVERY, in_flight=16, workers=2, every=EVERY, patience_s=2.5)
    assert done.wrong == []
    assert done.leaked == NOTHING
    assert done.summary.boundaries[Boundary.WORKER] == 1
