"""The bookkeeping of rollouts: attempts, the groups they complete, and pass rates.

All functions work in the session they are given; those that write need the writer's lock.
"""

from functools import cache
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.store import rows
from data.store.schema import AttemptRow, GroupRow, TaskRow
from data.task import TaskKind
from data.trajectory import Attempt, Outcome

Insert = postgresql.Insert | sqlite.Insert


class PassRate(NamedTuple):
    """Of the `num_scored` attempts of a complete group, those with the full score."""

    task_id: str
    kind: str
    domain: str
    """Empty for a kind with one world."""
    level: int
    policy: str
    num_passed: int
    num_scored: int


def add(session: Session, attempt: Attempt) -> bool:
    """Records `attempt`; False if the row that is there stays, as a scored one always does."""
    statement = _add(session.connection().dialect.name)
    # Not through the ORM, which would read the row first; this is done once for every attempt.
    # PostgreSQL's driver has forgotten the count by the time it is asked, unless told to keep it.
    result = session.connection().execute(
        statement, rows.attempt_values(attempt), execution_options={"preserve_rowcount": True}
    )
    return result.rowcount == 1


@cache
def _add(dialect: str) -> Insert:
    statement = _insert(dialect, AttemptRow)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["task_id", "policy", "attempt"],
        set_={"outcome": new.outcome, "score": new.score, "body": new.body},
        where=and_(AttemptRow.outcome != Outcome.SCORED.value, new.outcome == Outcome.SCORED.value),
    )


def _insert(dialect: str, table: type[AttemptRow] | type[GroupRow]) -> Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def close_group(session: Session, task_id: str, policy: str, size: int) -> None:
    """Records that the first `size` attempts are complete; a larger group that is there stays."""
    statement = _close(session.connection().dialect.name)
    values = {"task_id": task_id, "policy": policy, "size": size}
    session.connection().execute(statement, values)


@cache
def _close(dialect: str) -> Insert:
    statement = _insert(dialect, GroupRow)
    size = statement.excluded.size
    return statement.on_conflict_do_update(
        index_elements=["task_id", "policy"], set_={"size": size}, where=GroupRow.size < size
    )


def groups(session: Session, policy: str, kind: TaskKind) -> dict[str, int]:
    query = (
        select(GroupRow.task_id, GroupRow.size)
        .join(TaskRow, TaskRow.id == GroupRow.task_id)
        .where(GroupRow.policy == policy, TaskRow.kind == kind.value)
    )
    return {row.task_id: row.size for row in session.execute(query)}


def scores(session: Session, policy: str, kind: TaskKind) -> dict[tuple[str, int], float]:
    query = (
        select(AttemptRow.task_id, AttemptRow.attempt, AttemptRow.score)
        .join(TaskRow, TaskRow.id == AttemptRow.task_id)
        .where(AttemptRow.policy == policy, TaskRow.kind == kind.value)
        .where(AttemptRow.outcome == Outcome.SCORED.value, AttemptRow.score.is_not(None))
    )
    found = session.execute(query)
    return {(task, number): score for task, number, score in found if score is not None}


def pass_rates(session: Session, kind: TaskKind | None) -> list[PassRate]:
    passed = func.sum(case((AttemptRow.score == 1, 1), else_=0))
    key = (AttemptRow.task_id, TaskRow.kind, TaskRow.domain, TaskRow.level, AttemptRow.policy)
    query = (
        select(*key, passed, func.count())
        .join(TaskRow, TaskRow.id == AttemptRow.task_id)
        .join(
            GroupRow,
            and_(GroupRow.task_id == AttemptRow.task_id, GroupRow.policy == AttemptRow.policy),
        )
        .where(AttemptRow.outcome == Outcome.SCORED.value, AttemptRow.attempt < GroupRow.size)
        .group_by(*key)
        .order_by(AttemptRow.task_id, AttemptRow.policy)
    )
    if kind is not None:
        query = query.where(TaskRow.kind == kind.value)
    return [PassRate(*row) for row in session.execute(query)]
