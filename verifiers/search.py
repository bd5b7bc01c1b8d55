"""The verdict on a search attempt: right answer, in the asked form, read in the documents it cites.

The final message holds one JSON object `{"answer": ..., "evidence": [document ids]}`, bare or in a
fence, with any text around it. No detail of a check repeats the right answer.
"""

import json
from typing import NamedTuple, TypeVar

from pydantic import Field, JsonValue, ValidationError

from data.errors import EnvironmentFault, TaskError
from data.hashing import canonical_json
from data.record import Record
from data.task import Task
from data.trajectory import StopReason, Trajectory, Verdict, VerdictCheck
from verifiers.answers import AnswerSpec, matches

R = TypeVar("R", bound=Record)

MAX_MESSAGE_CHARS = 50_000
MAX_EVIDENCE = 20
"""More cited documents than anybody needs: a limit against citing a whole corpus."""


class SearchSpec(Record):
    """`Hidden.verifier` of a search task."""

    answer: AnswerSpec
    supporting: tuple[str, ...] = Field(min_length=1)
    """Ids of the documents that state the facts of the answer."""


class _State(Record):
    """What `Environment.state()` of the search world holds."""

    opened: frozenset[str]
    shown: frozenset[str]


class _Reply(NamedTuple):
    answer: JsonValue
    evidence: tuple[str, ...]


class _Malformed(Exception):
    """What is wrong with the form of a final message, worded for whoever wrote it."""


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """Score 1 if form, answer and evidence are all right, else 0.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` without its state.
    """
    spec, state = _spec(task), _state(trajectory)
    try:
        reply = _read(trajectory)
    except _Malformed as wrong:
        skipped = "not looked at: the form is wrong"
        return _verdict(
            VerdictCheck(name="format", passed=False, detail=str(wrong)),
            VerdictCheck(name="answer", passed=False, detail=skipped),
            VerdictCheck(name="evidence", passed=False, detail=skipped),
        )
    match = matches(spec.answer, reply.answer)
    missing = _evidence_error(reply.evidence, spec, state)
    return _verdict(
        VerdictCheck(name="format", passed=True, detail="one JSON object"),
        VerdictCheck(name="answer", passed=match.matched, detail=match.reason),
        VerdictCheck(name="evidence", passed=not missing, detail=missing or "read and supporting"),
    )


def _verdict(*checks: VerdictCheck) -> Verdict:
    return Verdict(score=float(all(check.passed for check in checks)), checks=checks)


def _evidence_error(evidence: tuple[str, ...], spec: SearchSpec, state: _State) -> str:
    if not 1 <= len(evidence) <= MAX_EVIDENCE:
        return f"cite 1 to {MAX_EVIDENCE} documents, not {len(evidence)}"
    if len(set(evidence)) < len(evidence):
        return "a document is cited twice"
    unread = len(set(evidence) - state.opened)
    if unread:
        return f"{unread} of {len(evidence)} cited documents were never opened"
    if set(evidence).isdisjoint(spec.supporting):
        return "no cited document states the facts of the answer"
    return ""


def _read(trajectory: Trajectory) -> _Reply:
    message = trajectory.answer
    if trajectory.stop is not StopReason.ANSWERED or not message.strip():
        raise _Malformed(f"there is no final message (the attempt ended by {trajectory.stop})")
    if len(message) > MAX_MESSAGE_CHARS:
        raise _Malformed(f"the final message is longer than {MAX_MESSAGE_CHARS} characters")
    objects = _objects(message)
    if len(objects) > 1:
        objects = list({canonical_json(found): found for found in objects}.values())
    if len(objects) != 1:
        raise _Malformed(
            'the final message must hold exactly one JSON object {"answer": ..., "evidence": '
            f"[...]}}, found {len(objects)}"
        )
    (found,) = objects
    if set(found) != {"answer", "evidence"}:
        raise _Malformed('the JSON object must have the keys "answer" and "evidence", no others')
    evidence = found["evidence"]
    if not isinstance(evidence, list):
        raise _Malformed("evidence must be a list of document ids")
    ids = tuple(item for item in evidence if isinstance(item, str))
    if len(ids) < len(evidence):
        raise _Malformed("evidence must be a list of document ids, all text")
    return _Reply(found["answer"], ids)


def _objects(message: str) -> list[dict[str, JsonValue]]:
    """Every outermost JSON object in `message`, in order; broken ones are text."""
    found: list[dict[str, JsonValue]] = []
    at = message.find("{")
    while at >= 0:
        try:
            value, at = _DECODER.raw_decode(message, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            found.append(value)
        at = message.find("{", at)
    return found


def _no_repeats(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    if len(dict(pairs)) < len(pairs):
        raise _Malformed("the JSON object gives a key twice")
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


class _Read(NamedTuple):
    """The record last read, with the very object that it was read from."""

    source: JsonValue
    record: Record


_read_last: dict[type[Record], _Read] = {}
"""By class. A certificate judges one task, and few states, many times in a row.

Told apart by identity: nobody writes to what a record holds."""


def _parsed(record: type[R], source: JsonValue) -> R:
    last = _read_last.get(record)
    if last is None or last.source is not source:
        last = _read_last[record] = _Read(source, record.model_validate(source))
    assert isinstance(last.record, record)
    return last.record


def _spec(task: Task) -> SearchSpec:
    try:
        return _parsed(SearchSpec, task.hidden.verifier)
    except ValidationError as error:
        raise TaskError(f"task {task.id} has no valid verifier: {_first(error)}") from error


def _state(trajectory: Trajectory) -> _State:
    try:
        return _parsed(_State, trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no state of a search world: {_first(error)}"
        ) from error


def _first(error: ValidationError) -> str:
    wrong = error.errors()[0]
    return f"{'.'.join(map(str, wrong['loc'])) or 'all of it'}: {wrong['msg']}"
