"""Tasks with their certificates, synthesis runs, and rollouts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

word = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", word, nullable=False),
        sa.Column("kind", word, nullable=False),
        sa.Column("language", word, nullable=False),
        sa.Column("split", word, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("fingerprint", word, nullable=False),
        sa.Column("generator", word, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("fingerprint", name="uq_tasks_fingerprint"),
    )
    op.create_index("ix_tasks_kind", "tasks", ["kind", "split", "language", "id"])
    op.create_table(
        "certificates",
        sa.Column("task_id", word, nullable=False),
        sa.Column("version", word, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_certificates"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_certificates_task_id"),
    )
    op.create_table(
        "runs",
        sa.Column("id", word, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "draws",
        sa.Column("run_id", word, nullable=False),
        sa.Column("index", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("task_id", word, nullable=True),
        sa.Column("reason", word, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "index", name="pk_draws"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_draws_run_id"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_draws_task_id"),
        sa.CheckConstraint("(task_id IS NULL) = (reason <> '')", name="ck_draws_outcome"),
    )
    op.create_table(
        "attempts",
        sa.Column("task_id", word, nullable=False),
        sa.Column("policy", word, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("outcome", word, nullable=False),
        sa.Column("score", sa.Double, nullable=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "policy", "attempt", name="pk_attempts"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_attempts_task_id"),
    )


def downgrade() -> None:
    for table in ("attempts", "draws", "runs", "certificates", "tasks"):
        op.drop_table(table)
