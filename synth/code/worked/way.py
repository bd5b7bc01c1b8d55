"""From the names in an issue's script to the definitions that have to change, by what can be read.

A definition is looked for only once its name was read: in the script, or in a definition that was
viewed before. What cannot be reached so, or only past too many definitions, is given up.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from synth.code.worked.places import Place, names

MAX_VIEWED = 4
"""Definitions on the way to a place."""
MAX_HITS = 6
"""Definitions of one name; more of them cannot be told apart at a glance."""
MAX_CONSIDERED = 4000


class Unreachable(Exception):
    """A place that nothing on the way speaks of."""


class Stop(NamedTuple):
    """A definition that is looked for, found and viewed."""

    place: Place
    why: Place | None
    """The definition viewed before that speaks of it; None where the script does."""
    hits: int
    """Definitions of that name."""


def way(script: str, target: Place, known: Sequence[Place], viewed: Sequence[Place]) -> list[Stop]:
    """The stops up to `target`, fewest first; none if it was `viewed`. Raises `Unreachable`."""
    if target in viewed:
        return []
    by_name: dict[str, list[Place]] = {}
    for place in known:
        by_name.setdefault(place.name, []).append(place)
    starts: list[tuple[str, Place | None]] = [(script, None)]
    starts += [(place.text, place) for place in viewed]
    trails: list[list[Stop]] = [
        [stop] for text, why in starts for stop in _stops(text, why, by_name)
    ]
    seen = {trail[-1].place for trail in trails}
    for trail in trails:
        last = trail[-1].place
        if last == target:
            return trail
        if len(trail) < MAX_VIEWED and len(trails) < MAX_CONSIDERED:
            for stop in _stops(last.text, last, by_name):
                if stop.place not in seen:
                    seen.add(stop.place)
                    trails.append([*trail, stop])
    raise Unreachable(target.name)


def _stops(text: str, why: Place | None, by_name: dict[str, list[Place]]) -> list[Stop]:
    """What a text speaks of, in the order of the places; dunder methods go without saying."""
    spoken = sorted(name for name in names(text) if name in by_name and not name.startswith("__"))
    return [
        Stop(place, why, len(by_name[name]))
        for name in spoken
        for place in by_name[name]
        if len(by_name[name]) <= MAX_HITS and place != why
    ]


def spoken_at(why: Place, name: str) -> int:
    """Number of the line of `why`, below its first, that speaks of `name`; its first if none does."""
    lines = why.text.splitlines()
    for number, (_, line) in enumerate(pairwise(lines), why.first + 1):
        if name in names(line):
            return number
    return why.first
