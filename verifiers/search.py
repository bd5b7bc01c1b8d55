"""The verdict on a search attempt: right answer, in the asked form, read in the documents it cites.

The final message holds one JSON object `{"answer": ..., "evidence": [document ids]}`, bare or in a
fence, with any text around it. No detail of a check repeats the right answer.
"""

from typing import NamedTuple, TypeVar

from pydantic import Field, JsonValue, ValidationError

from data.errors import EnvironmentFault, TaskError
from data.record import Record
from data.task import Task
from data.trajectory import Trajectory, Verdict, VerdictCheck
from verifiers.answers import AnswerSpec, matches
from verifiers.messages import Malformed, final_message, objects

R = TypeVar("R", bound=Record)

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


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """Score 1 if form, answer and evidence are all right, else 0.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` without its state.
    """
    spec, state = _spec(task), _state(trajectory)
    try:
        reply = _read(trajectory)
    except Malformed as wrong:
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
    given = objects(final_message(trajectory))
    if len(given) != 1:
        raise Malformed(
            'the final message must hold exactly one JSON object {"answer": ..., "evidence": '
            f"[...]}}, found {len(given)}"
        )
    (found,) = given
    if set(found) != {"answer", "evidence"}:
        raise Malformed('the JSON object must have the keys "answer" and "evidence", no others')
    evidence = found["evidence"]
    if not isinstance(evidence, list):
        raise Malformed("evidence must be a list of document ids")
    ids = tuple(item for item in evidence if isinstance(item, str))
    if len(ids) < len(evidence):
        raise Malformed("evidence must be a list of document ids, all text")
    return _Reply(found["answer"], ids)


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
