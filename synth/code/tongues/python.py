"""Python: tests are functions, reproductions come from traces, distances from runs that are followed."""

from collections.abc import Sequence

from synth.code.bug import Bug, Labels, Place
from synth.code.cheats import CHEATS
from synth.code.difficulty import followed
from synth.code.hiding import hide
from synth.code.probes import variations
from synth.code.statement.evidence import gather

__all__ = ["CHEATS", "distances", "gather", "hide", "variations"]


def distances(bug: Bug, labels: Labels, places: Sequence[Place]) -> list[int]:
    coverage = followed(bug, labels)
    tests = coverage.mask(labels.fail_to_pass)
    return [coverage.distance(place.path, place.function, tests) for place in places]
