"""The verdict on an interpreter attempt: right on the data shown, and right again on other data.

The final message holds one JSON object `{"answer": ...}`. The cells of the last kernel are run once
more in a fresh sandbox on files that the agent never saw; the variable `answer` must then be right
for those. A figure is left in the variable `figure` instead, and the cells are run again on the
data shown too: its numbers are read from what it shows, and the message gives the largest. No detail of a check repeats a right answer.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Self

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from data.errors import EnvironmentFault, TaskError
from data.record import Record
from data.task import Task
from data.trajectory import Trajectory, Verdict, VerdictCheck
from envs.interpreter.rerun import Rerun, rerun
from envs.interpreter.world import DataFile, Ended, Parameters, Transcript
from verifiers.answers import AnswerSpec, Match, matches
from verifiers.figures import FigureForm, drawn
from verifiers.messages import Malformed, final_message, objects

VARIABLE = "answer"
FIGURE = "figure"
RERUN_S = 60.0
"""For all cells together; each that was interrupted may take its time limit on top."""
MAX_RERUN_S = 300.0


class HiddenEdition(Record):
    """Files of the same names with other contents, and the right answer on them."""

    files: str
    """JSON of the `DataFile`s, as text: parts of it are public, as they are the same for the files
    shown, and an export looks for parts of this specification on the public side."""
    answer: AnswerSpec

    @classmethod
    def of(cls, files: Sequence[DataFile], answer: AnswerSpec) -> Self:
        return cls(files=_FILES.dump_json(tuple(files)).decode(), answer=answer)


class FigureSpec(Record):
    """What a figure looks like, and the rows it shows on the files that the agent has."""

    form: FigureForm
    rows: AnswerSpec


class InterpreterSpec(Record):
    """`Hidden.verifier` of an interpreter task."""

    answer: AnswerSpec
    hidden: tuple[HiddenEdition, ...] = Field(min_length=1)
    figure: FigureSpec | None = None
    """Where a figure is asked for; hidden editions then have its rows for their answers."""


_FILES = TypeAdapter(tuple[DataFile, ...])
_SKIPPED = (False, "not looked at: an earlier check failed")


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    """Score 1 if form, answer and every rerun are right, else 0.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` if a rerun cannot be had.
    """
    spec, parameters = _spec(task)
    cells, seconds = _cells(trajectory, parameters)
    try:
        given = _read(trajectory)
    except Malformed as wrong:
        return _verdict((False, str(wrong)), _SKIPPED, _SKIPPED)
    match = matches(spec.answer, unwrapped(given))
    if not match:
        return _verdict((True, "one JSON object"), match, _SKIPPED)
    if spec.figure is not None:
        shown = _on(spec, parameters, spec.figure.rows, cells, seconds)
        if not shown:
            return _verdict((True, "one JSON object"), match, (False, f"run again: {shown.reason}"))
    again = _again(spec, parameters, cells, seconds)
    return _verdict((True, "one JSON object"), match, again)


def _verdict(form: tuple[bool, str], answer: tuple[bool, str], again: tuple[bool, str]) -> Verdict:
    checks = tuple(
        VerdictCheck(name=name, passed=passed, detail=detail)
        for name, (passed, detail) in (("format", form), ("answer", answer), ("other data", again))
    )
    return Verdict(score=float(all(check.passed for check in checks)), checks=checks)


def _again(
    spec: InterpreterSpec, parameters: Parameters, cells: tuple[str, ...], seconds: float
) -> tuple[bool, str]:
    """Whether the cells give the right answer on every hidden edition, and why not."""
    for edition in spec.hidden:
        other = parameters.model_copy(update={"files": _files(edition)})
        match = _on(spec, other, edition.answer, cells, seconds)
        if not match:
            return False, f"run again on other data: {match.reason}"
    return True, "right on other data too"


def _on(
    spec: InterpreterSpec,
    parameters: Parameters,
    right: AnswerSpec,
    cells: tuple[str, ...],
    seconds: float,
) -> Match:
    """Whether the cells give the right answer on the files of `parameters`."""
    if not cells:
        return Match(False, "no cell was run")
    variable = VARIABLE if spec.figure is None else FIGURE
    found = _rerun(parameters.model_dump_json(), cells, variable, seconds)
    if found.problem:
        return Match(False, f"there is no `{variable}`: {found.problem}")
    if spec.figure is None:
        return matches(right, unwrapped(found.value))
    shown = drawn(spec.figure.form, found.value)
    return Match(False, shown.problem) if shown.problem else matches(right, shown.rows)


def _files(edition: HiddenEdition) -> tuple[DataFile, ...]:
    try:
        return _FILES.validate_json(edition.files)
    except ValidationError as error:
        raise TaskError(f"the hidden files of a task are altered: {_first(error)}") from error


@lru_cache(maxsize=256)
def _rerun(parameters: str, cells: tuple[str, ...], variable: str, seconds: float) -> Rerun:
    """Attempts that differ in their final message alone share one rerun."""
    return rerun(
        Parameters.model_validate_json(parameters), cells, variable=variable, timeout_s=seconds
    )


def unwrapped(value: JsonValue) -> JsonValue:
    """A Series, as reruns give it, by its values; anything else as it is."""
    if isinstance(value, dict) and set(value) == {"index", "values"}:
        return value["values"]
    return value


def _cells(trajectory: Trajectory, parameters: Parameters) -> tuple[tuple[str, ...], float]:
    """The cells that made the variables there are at the end, and the time they may take."""
    try:
        transcript = Transcript.model_validate(trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no transcript: {_first(error)}"
        ) from error
    last = max((cell.kernel for cell in transcript.cells), default=0)
    kept = [cell for cell in transcript.cells if cell.kernel == last]
    slow = sum(cell.ended is Ended.INTERRUPTED for cell in kept)
    seconds = RERUN_S + slow * parameters.limits.cell_timeout_s
    return tuple(cell.code for cell in kept), min(seconds, MAX_RERUN_S)


def _read(trajectory: Trajectory) -> JsonValue:
    given = objects(final_message(trajectory))
    if len(given) != 1:
        raise Malformed(
            f'the final message must hold exactly one JSON object {{"answer": ...}}, found {len(given)}'
        )
    (found,) = given
    if set(found) != {"answer"}:
        raise Malformed('the JSON object must have the key "answer" and no other')
    return found["answer"]


def _spec(task: Task) -> tuple[InterpreterSpec, Parameters]:
    try:
        spec = InterpreterSpec.model_validate(task.hidden.verifier)
        return spec, Parameters.model_validate(task.env.parameters)
    except ValidationError as error:
        raise TaskError(f"task {task.id} has no valid verifier: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    wrong = error.errors()[0]
    return f"{'.'.join(map(str, wrong['loc'])) or 'all of it'}: {wrong['msg']}"
