"""The verdict on an errand: every goal reached, nothing else changed, no rule broken on the way.

The writes of the attempt are carried out again in a fresh world, where the rules are checked before
each; what that world holds in the end must be what the attempt's world said it holds.
"""

from collections import Counter
from typing import Literal, NamedTuple

from pydantic import Field, JsonValue, ValidationError

from data.errors import EnvironmentFault, TaskError
from data.hashing import canonical_json
from data.record import Record
from data.task import Task
from data.trajectory import Trajectory, Verdict, VerdictCheck
from envs.general.compiler import Compiled
from envs.general.domain import Table
from envs.general.env import open_compiled
from envs.general.kinds import Kind
from envs.general.reads import folded
from envs.general.spec import ColumnClass
from envs.general.world import Refused
from verifiers.messages import Malformed, final_message, objects

MAX_IDS = 200

Scalar = str | int | float | bool | None


class Changed(Record):
    """A row that differs in the end. `row_id` is empty for a new row, whose id is free."""

    table: str
    row_id: str
    after: dict[str, Scalar] | None
    """Its stored columns; None if it is deleted."""


class GoalSpec(Record):
    action: str
    changes: tuple[int, ...]
    """Which of the expected changes it leads to."""


class TransactSpec(Record):
    """`Hidden.verifier` of an errand."""

    family: Literal["transact"] = "transact"
    expected: tuple[Changed, ...] = Field(min_length=1)
    goals: tuple[GoalSpec, ...] = Field(min_length=1)
    declined: int
    answer: Scalar = None
    """What the question's answer is; None if nothing is asked."""


class _Write(Record):
    action: str
    values: dict[str, Scalar]


class _Row(Record):
    table: str
    id: str
    before: dict[str, Scalar] | None
    after: dict[str, Scalar] | None


class _State(Record):
    """What `Environment.state()` of a general world holds."""

    writes: tuple[_Write, ...]
    changes: tuple[_Row, ...]


class _Replay(NamedTuple):
    broken: tuple[str, ...]
    """Rules that a write broke, in order."""
    touched: frozenset[str]
    """Ids of all rows that a write changed."""


class _Report(NamedTuple):
    changed: frozenset[str]
    declined: int
    answer: JsonValue


def transact_spec(task: Task) -> TransactSpec:
    """Raises `TaskError` for a task without a valid one."""
    try:
        return TransactSpec.model_validate(task.hidden.verifier)
    except ValidationError as error:
        raise TaskError(f"task {task.id} has no valid verifier: {_first(error)}") from error


def verify_transact(task: Task, trajectory: Trajectory) -> Verdict:
    """Score 1 if every check passes, else 0.

    Raises `TaskError` for a task that cannot be judged, `EnvironmentFault` if the attempt's state is
    missing or contradicts its own writes.
    """
    spec, state = transact_spec(task), _state(trajectory)
    compiled = open_compiled(task.public())
    replay = _replay(compiled, state, task.id)
    missing, extra = _compare(compiled, spec, state)
    checks = []
    for number, goal in enumerate(spec.goals):
        lacking = [index for index in goal.changes if index in missing]
        detail = f"{len(lacking)} of {len(goal.changes)} changes are missing" if lacking else "done"
        name = f"goal {number + 1}: {goal.action}"
        checks.append(VerdictCheck(name=name, passed=not lacking, detail=detail))
    said = ", ".join(f"{name} {count}" for name, count in sorted(Counter(extra).items()))
    checks.append(
        VerdictCheck(name="nothing else", passed=not extra, detail=said or "nothing else changed")
    )
    rules = ", ".join(dict.fromkeys(replay.broken))
    checks.append(
        VerdictCheck(name="rules", passed=not rules, detail=rules and f"broken: {rules}" or "kept")
    )
    checks += _report_checks(spec, state, replay, trajectory)
    return Verdict(score=float(all(check.passed for check in checks)), checks=tuple(checks))


def _replay(compiled: Compiled, state: _State, task_id: str) -> _Replay:
    broken: list[str] = []
    touched: set[str] = set()
    world = compiled.open()
    try:
        for write in state.writes:
            action = compiled.domain.actions[write.action]
            broken += world.breaks(action, write.values)
            touched |= {change.row_id for change in world.act(action, write.values)}
        found = {
            (change.table, change.row_id): change.after
            for change in world.diff(compiled.rows.tables)
        }
    except (Refused, KeyError) as error:
        raise EnvironmentFault(f"a write of the attempt at {task_id} cannot be: {error}") from error
    finally:
        world.close()
    if found != {(row.table, row.id): row.after for row in state.changes}:
        raise EnvironmentFault(f"the state left by the attempt at {task_id} is not what it wrote")
    return _Replay(tuple(broken), frozenset(touched))


def _compare(compiled: Compiled, spec: TransactSpec, state: _State) -> tuple[set[int], list[str]]:
    """Expected changes that did not happen, and tables of those that nobody asked for."""
    born = {row.id: row.table for row in state.changes if row.before is None}
    actual = Counter(
        _fingerprint(compiled.domain.tables[r.table], r.id, r.before is None, r.after, born)
        for r in state.changes
        if not _exempt(compiled.domain.tables[r.table], r)
    )
    missing: set[int] = set()
    for index, change in enumerate(spec.expected):
        table = compiled.domain.tables[change.table]
        key = _fingerprint(table, change.row_id, not change.row_id, change.after, {})
        if actual[key] > 0:
            actual[key] -= 1
        else:
            missing.add(index)
    extra = [key[0] for key, count in actual.items() for _ in range(count)]
    return missing, extra


def _exempt(table: Table, row: _Row) -> bool:
    """True if only columns that goals do not compare differ."""
    if row.before is None or row.after is None:
        return False
    return all(
        row.before[c.name] == row.after[c.name] or c.compared is ColumnClass.EXEMPT
        for c in table.stored
    )


def _fingerprint(
    table: Table,
    row_id: str,
    new: bool,
    after: dict[str, Scalar] | None,
    born: dict[str, str],
) -> tuple[str, str, str]:
    """What a change comes to: the ids of new rows do not count, wherever they stand."""
    if after is None:
        return table.name, row_id, "deleted"
    values: dict[str, JsonValue] = {}
    for column in table.stored:
        value = after[column.name]
        if column.compared is ColumnClass.EXEMPT:
            continue
        if column.compared is ColumnClass.SEMANTIC and isinstance(value, str):
            value = folded(value)
        if column.kind is Kind.REF and isinstance(value, str) and value in born:
            value = NEW
        values[column.name] = value
    return table.name, NEW if new else row_id, canonical_json(values)


NEW = "(new)"
"""Stands for the id of a row that the attempt has made."""


def _report_checks(
    spec: TransactSpec, state: _State, replay: _Replay, trajectory: Trajectory
) -> list[VerdictCheck]:
    names = ["format", "changed", "declined"] + (["answer"] if spec.answer is not None else [])
    try:
        report = _read(trajectory, spec.answer is not None)
    except Malformed as wrong:
        skipped = "not looked at: the form is wrong"
        return [
            VerdictCheck(
                name=name, passed=False, detail=skipped if name != "format" else str(wrong)
            )
            for name in names
        ]
    ids = frozenset(row.id for row in state.changes)
    right = ids <= report.changed <= ids | replay.touched
    checks = [
        VerdictCheck(name="format", passed=True, detail="one JSON object"),
        VerdictCheck(
            name="changed", passed=right, detail=f"{len(report.changed & ids)} of {len(ids)} ids"
        ),
        VerdictCheck(
            name="declined",
            passed=report.declined == spec.declined,
            detail=f"{report.declined} reported",
        ),
    ]
    if spec.answer is not None:
        checks.append(VerdictCheck(name="answer", passed=same_value(spec.answer, report.answer)))
    return checks


def same_value(right: Scalar, given: JsonValue) -> bool:
    """True if `given` says `right`: numbers by value, texts without case, width and spaces."""
    if isinstance(right, bool) or isinstance(given, bool):
        return isinstance(given, bool) and given is right
    if isinstance(right, int | float):
        if isinstance(given, str):
            try:
                given = float(given)
            except ValueError:
                return False
        return isinstance(given, int | float) and abs(given - right) < 1e-6
    return isinstance(given, str) and folded(given) == folded(str(right))


def _read(trajectory: Trajectory, with_answer: bool) -> _Report:
    given = objects(final_message(trajectory))
    if len(given) != 1:
        raise Malformed(f"the final message must hold one JSON object, found {len(given)}")
    (found,) = given
    keys = {"changed", "declined"} | ({"answer"} if with_answer else set())
    if set(found) != keys:
        raise Malformed(f"the JSON object must have the keys {', '.join(sorted(keys))}, no others")
    ids, declined = found["changed"], found["declined"]
    if not isinstance(ids, list) or not all(isinstance(item, str | int) for item in ids):
        raise Malformed("changed must be a list of ids")
    texts = [str(item) for item in ids if not isinstance(item, bool)]
    if len(texts) > MAX_IDS or len(set(texts)) < len(ids):
        raise Malformed(f"changed must list at most {MAX_IDS} different ids")
    if isinstance(declined, bool) or not isinstance(declined, int | float):
        raise Malformed("declined must be a number")
    if declined != int(declined):
        raise Malformed("declined must be a whole number")
    return _Report(frozenset(texts), int(declined), found.get("answer"))


def _state(trajectory: Trajectory) -> _State:
    try:
        return _State.model_validate(trajectory.state)
    except ValidationError as error:
        raise EnvironmentFault(
            f"the attempt at {trajectory.task_id} left no state of a general world: {_first(error)}"
        ) from error


def _first(error: ValidationError) -> str:
    wrong = error.errors()[0]
    return f"{'.'.join(map(str, wrong['loc'])) or 'all of it'}: {wrong['msg']}"
