"""`Store`: what the rest of the project may ask of the database.

Every call is one short transaction, so a killed process leaves all of a call or nothing of it.
Iterators read in chunks: nothing is held open between two of them, and rows that others add
meanwhile are seen if they sort after the place reached. Nothing is ever deleted.
"""

import json
from collections.abc import Iterator, Sequence
from os.path import commonprefix
from types import TracebackType
from typing import Self

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.certificate import Certificate
from data.errors import UserError
from data.hashing import canonical_json
from data.store import attempts as attempt_rows
from data.store import draws, rows
from data.store.attempts import PassRate
from data.store.database import Database, Limits, open_database
from data.store.draws import Drawn, Run, RunProgress
from data.store.schema import AttemptRow, CertificateRow, RunRow, TaskRow
from data.task import JsonObject, Language, Split, Task, TaskKind
from data.trajectory import Attempt

TASKS_PER_READ = 500
ATTEMPTS_PER_READ = 200
NUM_CLOSEST = 3
STORED_TASK = select(TaskRow.id, TaskRow.body, CertificateRow.body).outerjoin(
    CertificateRow, CertificateRow.task_id == TaskRow.id
)
"""The arguments of `rows.parse_task`; the certificate is None where there is none."""


class Store:
    """An open store; threads may share it, every process opens its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str, limits: Limits | None = None) -> Self:
        """Connects to `url` and brings the tables up to date; makes a SQLite file and its folder.

        Raises `UserError` for a URL of no use. Raises `StoreError` for a database that is locked,
        damaged, unreachable, not ours or of a newer version, and leaves it as it is.
        """
        return cls(open_database(url, limits or Limits()))

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def task(self, task_id: str) -> Task:
        """The task of that id; raises `UserError` if there is none, `TaskError` if it is broken."""
        with self._database.reading() as session:
            return _task(session, task_id)

    def match(self, name: str) -> str:
        """The id `name`, or the only one that begins with it, with or without the kind in front.

        Raises `UserError` if no task fits, or several do.
        """
        begins = TaskRow.id.startswith(name, autoescape=True)
        inside = TaskRow.id.contains(f"-{name}", autoescape=True)
        fitting = select(TaskRow.id).where(begins | inside).order_by(TaskRow.id)
        with self._database.reading() as session:
            if session.scalar(select(TaskRow.id).where(TaskRow.id == name)):
                return name
            found = list(session.scalars(fitting.limit(NUM_CLOSEST + 1)))
            if not found:
                raise _unknown(session, name)
        if len(found) > 1:
            some = ", ".join(found[:NUM_CLOSEST])
            raise UserError(f"several tasks fit {name!r}: {some}...; give more of the id")
        return found[0]

    def tasks(
        self,
        kind: TaskKind | None = None,
        split: Split | None = None,
        language: Language | None = None,
        limit: int | None = None,
    ) -> Iterator[Task]:
        """Tasks in order of id. Raises `TaskError` at a broken one; `task_ids` steps over it."""
        query = STORED_TASK.where(*_filters(kind, split, language)).order_by(TaskRow.id)
        last, left = "", limit
        while left is None or left > 0:
            size = TASKS_PER_READ if left is None else min(left, TASKS_PER_READ)
            with self._database.reading() as session:
                chunk = session.execute(query.where(TaskRow.id > last).limit(size)).all()
            for row in chunk:
                yield rows.parse_task(*row)
            if len(chunk) < size:
                return
            last = chunk[-1][0]
            left = None if left is None else left - size

    def task_ids(
        self,
        kind: TaskKind | None = None,
        split: Split | None = None,
        language: Language | None = None,
        limit: int | None = None,
    ) -> list[str]:
        """Ids in order."""
        query = select(TaskRow.id).where(*_filters(kind, split, language))
        with self._database.reading() as session:
            return list(session.scalars(query.order_by(TaskRow.id).limit(limit)))

    def count(
        self,
        kind: TaskKind | None = None,
        split: Split | None = None,
        language: Language | None = None,
    ) -> int:
        query = select(func.count()).select_from(TaskRow).where(*_filters(kind, split, language))
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def set_certificate(self, certificate: Certificate) -> None:
        """Puts `certificate` in the place of the task's present one."""
        with self._database.writing() as session:
            _require_task(session, certificate.task_id)
            session.merge(CertificateRow(**rows.certificate_values(certificate)))

    def begin_run(self, run_id: str, request: JsonObject) -> None:
        """Records the run; does nothing if it is there. One id stands for one request."""
        with self._database.writing() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                session.add(RunRow(id=run_id, request=canonical_json(request)))
            elif json.loads(row.request) != request:
                raise UserError(
                    f"run {run_id!r} was begun as {row.request}, now asked for as "
                    f"{canonical_json(request)}; use another id"
                )

    def commit(self, run_id: str, drawn: Sequence[Drawn]) -> list[Drawn]:
        """Records the next indices of a run, all or nothing, and says what was recorded.

        An index that is recorded already stays as it is. A task whose id or problem is in the
        store already is recorded as rejected, with the reason `duplicate`.
        """
        with self._database.writing() as session:
            return draws.record(session, run_id, drawn)

    def run_progress(self, run_id: str) -> RunProgress:
        """How far the run is; nothing yet if it was never begun."""
        with self._database.reading() as session:
            return draws.progress(session, run_id)

    def runs(self) -> list[Run]:
        """Every run in order of id."""
        with self._database.reading() as session:
            return [
                Run(row.id, json.loads(row.request), draws.progress(session, row.id))
                for row in session.scalars(select(RunRow).order_by(RunRow.id)).all()
            ]

    def add_attempt(self, attempt: Attempt, group_size: int = 0) -> bool:
        """Records a rollout; False if it is there already and stays as it was.

        A scored attempt takes the place of one that ended otherwise, and of nothing else. Where it
        completes its group, `group_size` says of how many, and both are recorded or neither.
        """
        try:
            with self._database.writing() as session:
                added = attempt_rows.add(session, attempt)
                if group_size:
                    attempt_rows.close_group(session, attempt.task_id, attempt.policy, group_size)
        except IntegrityError as error:
            with self._database.reading() as session:
                raise _unknown(session, attempt.task_id) from error
        return added

    def close_group(self, task_id: str, policy: str, size: int) -> None:
        """Records that the first `size` attempts of `policy` at the task are all there are to be.

        Pass rates, selection and exports read no attempt beyond, and none of an open group.
        """
        with self._database.writing() as session:
            _require_task(session, task_id)
            attempt_rows.close_group(session, task_id, policy, size)

    def attempts(
        self, kind: TaskKind | None = None, policy: str | None = None, task_id: str | None = None
    ) -> Iterator[Attempt]:
        """Attempts in order of task, policy and number; raises `TaskError` at a broken one."""
        key = (AttemptRow.task_id, AttemptRow.policy, AttemptRow.attempt)
        query = select(*key, AttemptRow.body).order_by(*key).limit(ATTEMPTS_PER_READ)
        if kind is not None:
            query = query.join(TaskRow, TaskRow.id == AttemptRow.task_id).where(
                TaskRow.kind == kind.value
            )
        if policy is not None:
            query = query.where(AttemptRow.policy == policy)
        if task_id is not None:
            query = query.where(AttemptRow.task_id == task_id)
        here = query
        while True:
            with self._database.reading() as session:
                chunk = session.execute(here).all()
            for row in chunk:
                yield rows.parse_attempt(*row)
            if len(chunk) < ATTEMPTS_PER_READ:
                return
            here = query.where(tuple_(*key) > tuple_(*chunk[-1][:3]))

    def scores(self, policy: str, kind: TaskKind) -> dict[tuple[str, int], float]:
        """Scores of `policy` by task id and number of the attempt: those not to play again."""
        with self._database.reading() as session:
            return attempt_rows.scores(session, policy, kind)

    def groups(self, policy: str, kind: TaskKind) -> dict[str, int]:
        """Sizes of the complete groups of `policy` by task id."""
        with self._database.reading() as session:
            return attempt_rows.groups(session, policy, kind)

    def pass_rates(self, kind: TaskKind | None = None) -> list[PassRate]:
        """One rate a task and policy with a complete group, in that order."""
        with self._database.reading() as session:
            return attempt_rows.pass_rates(session, kind)


def _filters(
    kind: TaskKind | None, split: Split | None = None, language: Language | None = None
) -> list[ColumnElement[bool]]:
    asked = ((TaskRow.kind, kind), (TaskRow.split, split), (TaskRow.language, language))
    return [column == value.value for column, value in asked if value is not None]


def _task(session: Session, task_id: str) -> Task:
    row = session.execute(STORED_TASK.where(TaskRow.id == task_id)).one_or_none()
    if row is None:
        raise _unknown(session, task_id)
    return rows.parse_task(*row)


def _require_task(session: Session, task_id: str) -> None:
    if session.scalar(select(TaskRow.id).where(TaskRow.id == task_id)) is None:
        raise _unknown(session, task_id)


def _unknown(session: Session, task_id: str) -> UserError:
    count = session.scalar(select(func.count()).select_from(TaskRow))
    if not count:
        return UserError(f"no task {task_id!r}: the store holds no tasks yet; make some with synth")
    closest = ", ".join(_closest(session, task_id))
    return UserError(f"no task {task_id!r}; closest of {count} tasks: {closest}")


def _closest(session: Session, task_id: str) -> list[str]:
    """Ids that hold `task_id`, then its neighbours in order: those with the same beginning."""
    query = select(TaskRow.id).limit(NUM_CLOSEST)
    holding = query.where(TaskRow.id.contains(task_id, autoescape=True)).order_by(TaskRow.id)
    after = query.where(TaskRow.id > task_id).order_by(TaskRow.id)
    before = query.where(TaskRow.id < task_id).order_by(TaskRow.id.desc())
    neighbours = [*session.scalars(after), *session.scalars(before)]
    neighbours.sort(key=lambda known: -len(commonprefix((known, task_id))))
    return list(dict.fromkeys([*session.scalars(holding), *neighbours]))[:NUM_CLOSEST]
