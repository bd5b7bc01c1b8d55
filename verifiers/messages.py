"""JSON in the final message of an attempt, read as strictly as a parser does and as forgivingly as
a person: text and fences around it are ignored, and the same value said twice is said once.
"""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

from data.hashing import canonical_json
from data.trajectory import StopReason, Trajectory

MAX_MESSAGE_CHARS = 50_000


class Malformed(Exception):
    """What is wrong with the form of a final message, worded for whoever wrote it."""


def final_message(trajectory: Trajectory) -> str:
    """The message that ended the attempt; raises `Malformed` where there is none, or a huge one."""
    message = trajectory.answer
    if trajectory.stop is not StopReason.ANSWERED or not message.strip():
        raise Malformed(f"there is no final message (the attempt ended by {trajectory.stop})")
    if len(message) > MAX_MESSAGE_CHARS:
        raise Malformed(f"the final message is longer than {MAX_MESSAGE_CHARS} characters")
    return message


def objects(message: str) -> list[dict[str, JsonValue]]:
    """The different JSON objects in `message` that stand in no other, in order."""
    found = [value for value in outermost(message, "{") if isinstance(value, dict)]
    if len(found) < 2:
        return found
    return list({canonical_json(value): value for value in found}.values())


def outermost(message: str, brackets: str) -> Iterator[JsonValue]:
    """Every JSON value in `message` that opens with one of `brackets` and stands in no other.

    What does not parse is text. Raises `Malformed` for an object that gives a key twice.
    """
    opening = re.compile(f"[{re.escape(brackets)}]")
    at = 0
    while start := opening.search(message, at):
        try:
            value, at = _DECODER.raw_decode(message, start.start())
        except (ValueError, RecursionError):
            at = start.end()
        else:
            yield value


def _no_repeats(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    if len(dict(pairs)) < len(pairs):
        raise Malformed("a JSON object gives a key twice")
    return dict(pairs)


def _no_constant(name: str) -> JsonValue:
    raise ValueError(name)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_repeats, parse_constant=_no_constant, parse_float=_finite
)
