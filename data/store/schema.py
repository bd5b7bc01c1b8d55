"""The tables. What is a record in Python is one canonical JSON text here, beside the columns that
queries need; kinds and outcomes are plain words, so a new one needs no migration.

A change here comes with a migration in `data/migrations/versions` and a new `SCHEMA_VERSION`.
"""

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA_VERSION = "0002"
"""Revision that this code reads and writes; the newest in `data/migrations/versions`."""

VERSION_TABLE = "palaestra_schema"
"""Where a database keeps its revision. The name is ours, so it also tells our databases apart."""

Word = String().with_variant(String(collation="C"), "postgresql")
"""Text that is sorted or compared: by code point everywhere, whatever the server's language."""


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class TaskRow(Table):
    """`body` is a `TaskBody`: exactly the text whose hash is in the id."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_kind", "kind", "split", "language", "id"),)

    id: Mapped[str] = mapped_column(Word, primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    language: Mapped[str] = mapped_column(Word)
    split: Mapped[str] = mapped_column(Word)
    level: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(Word, unique=True)
    generator: Mapped[str] = mapped_column(Word)
    body: Mapped[str] = mapped_column(Text)
    domain: Mapped[str] = mapped_column(Word, server_default="")


class CertificateRow(Table):
    __tablename__ = "certificates"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    version: Mapped[str] = mapped_column(Word)
    passed: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)


class RunRow(Table):
    """One request to synthesise; `request` is its canonical JSON."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Word, primary_key=True)
    request: Mapped[str] = mapped_column(Text)


class DrawRow(Table):
    """What came of one index of a run: a task, or the reason why there is none."""

    __tablename__ = "draws"
    __table_args__ = (CheckConstraint("(task_id IS NULL) = (reason <> '')", name="outcome"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id"))
    reason: Mapped[str] = mapped_column(Word)


class AttemptRow(Table):
    """`body` is an `Attempt`; `score` is its verdict's, NULL unless `outcome` is `scored`."""

    __tablename__ = "attempts"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    policy: Mapped[str] = mapped_column(Word, primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(Word)
    score: Mapped[float | None] = mapped_column(Double)
    body: Mapped[str] = mapped_column(Text)


class GroupRow(Table):
    """The first `size` attempts of a policy at a task are all scored, and all that were wanted."""

    __tablename__ = "groups"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    policy: Mapped[str] = mapped_column(Word, primary_key=True)
    size: Mapped[int]
