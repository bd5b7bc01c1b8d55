"""The bookkeeping of synthesis: what came of each index of a run, recorded exactly once.

All functions work in the session they are given; `record` needs the writer's lock.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.store import rows
from data.store.schema import CertificateRow, DrawRow, RunRow, TaskRow
from data.task import JsonObject, Task

DUPLICATE = "duplicate"
"""Reason of a draw whose task or problem is in the store already."""
NUM_IN_LIST = 10_000
"""Values in one IN list; SQLite takes 32,766 parameters a statement, PostgreSQL 65,535."""


class Drawn(NamedTuple):
    """What came of one index of a run; `reason` is empty when there is a task, else says why."""

    index: int  # type: ignore[assignment]  # Hides tuple.index, which nobody asks of a draw.
    task: Task | None
    reason: str


class RunProgress(NamedTuple):
    """`next_index` is the first one not recorded; `rejected` counts by reason, in word order."""

    next_index: int
    accepted: int
    rejected: dict[str, int]


class Run(NamedTuple):
    id: str
    request: JsonObject
    progress: RunProgress


def progress(session: Session, run_id: str) -> RunProgress:
    """How far the run is. Indices are recorded without gaps, so their number is the next one."""
    query = (
        select(DrawRow.reason, func.count().label("num"))
        .where(DrawRow.run_id == run_id)
        .group_by(DrawRow.reason)
        .order_by(DrawRow.reason)
    )
    counts = {row.reason: row.num for row in session.execute(query)}
    accepted = counts.pop("", 0)
    return RunProgress(accepted + sum(counts.values()), accepted, counts)


def record(session: Session, run_id: str, drawn: Sequence[Drawn]) -> list[Drawn]:
    """Records what is new of `drawn`; returns, in the same order, what the run holds now."""
    assert session.get(RunRow, run_id) is not None, f"run {run_id!r} was never begun"
    next_index = _next_index(session, run_id)
    new = sorted((draw for draw in drawn if draw.index >= next_index), key=lambda draw: draw.index)
    wanted = list(range(next_index, next_index + len(new)))
    found = [draw.index for draw in new]
    assert found == wanted, f"run {run_id!r} goes on at {next_index}, not with {found}"
    admitted = _admit(session, new)
    _insert(session, run_id, admitted)
    held = {draw.index: draw for draw in admitted}
    held |= _held(session, run_id, [draw for draw in drawn if draw.index < next_index])
    return [held[draw.index] for draw in drawn]


def _next_index(session: Session, run_id: str) -> int:
    last = session.scalar(select(func.max(DrawRow.index)).where(DrawRow.run_id == run_id))
    return 0 if last is None else last + 1


def _admit(session: Session, drawn: Sequence[Drawn]) -> list[Drawn]:
    """`drawn` with every task rejected that the store, or an earlier index, has already."""
    tasks = [draw.task for draw in drawn if draw.task is not None]
    ids = _present(session, TaskRow.id, [task.id for task in tasks])
    problems = _present(session, TaskRow.fingerprint, [task.fingerprint for task in tasks])
    admitted = []
    for draw in drawn:
        task = draw.task
        if task is None:
            admitted.append(draw)
        elif task.id in ids or task.fingerprint in problems:
            admitted.append(Drawn(draw.index, None, DUPLICATE))
        else:
            ids.add(task.id)
            problems.add(task.fingerprint)
            admitted.append(draw)
    return admitted


def _present(
    session: Session, column: InstrumentedAttribute[str], values: Sequence[str]
) -> set[str]:
    """Those of `values` that `column` holds."""
    present: set[str] = set()
    for start in range(0, len(values), NUM_IN_LIST):
        part = values[start : start + NUM_IN_LIST]
        present.update(session.scalars(select(column).where(column.in_(part))))
    return present


def _insert(session: Session, run_id: str, drawn: Sequence[Drawn]) -> None:
    tasks = [draw.task for draw in drawn if draw.task is not None]
    certificates = [task.certificate for task in tasks if task.certificate is not None]
    draws = [
        {
            "run_id": run_id,
            "index": draw.index,
            "task_id": None if draw.task is None else draw.task.id,
            "reason": draw.reason,
        }
        for draw in drawn
    ]
    # An empty list of values would insert one row of defaults.
    if tasks:
        session.execute(insert(TaskRow), [rows.task_values(task) for task in tasks])
    if certificates:
        session.execute(insert(CertificateRow), [rows.certificate_values(c) for c in certificates])
    if draws:
        # Else rows with and without a task would go in separate statements, in turns.
        session.execute(insert(DrawRow), draws, execution_options={"render_nulls": True})


def _held(session: Session, run_id: str, drawn: Sequence[Drawn]) -> dict[int, Drawn]:
    """What the run holds for the indices of `drawn`, with the tasks as they are stored."""
    query = (
        select(DrawRow.index, DrawRow.reason, TaskRow.id, TaskRow.body, CertificateRow.body)
        .outerjoin(TaskRow, TaskRow.id == DrawRow.task_id)
        .outerjoin(CertificateRow, CertificateRow.task_id == DrawRow.task_id)
        .where(DrawRow.run_id == run_id)
    )
    held: dict[int, Drawn] = {}
    indices = [draw.index for draw in drawn]
    for start in range(0, len(indices), NUM_IN_LIST):
        part = DrawRow.index.in_(indices[start : start + NUM_IN_LIST])
        for index, reason, task_id, body, certificate in session.execute(query.where(part)):
            task = None if reason else rows.parse_task(task_id, body, certificate)
            held[index] = Drawn(index, task, reason)
    return held
