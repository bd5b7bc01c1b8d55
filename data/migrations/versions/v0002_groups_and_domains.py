"""Groups of attempts, and the domain of a task as a column."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

word = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BATCH = 500


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("task_id", word, nullable=False),
        sa.Column("policy", word, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "policy", name="pk_groups"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_groups_task_id"),
    )
    op.add_column("tasks", sa.Column("domain", word, nullable=False, server_default=""))
    connection = op.get_bind()
    _fill_domains(connection)
    _close_groups(connection)


def _fill_domains(connection: sa.Connection) -> None:
    """Domains of the tasks at hand; their bodies say them."""
    page = sa.text("SELECT id, body FROM tasks WHERE id > :last ORDER BY id LIMIT :size")
    update = sa.text("UPDATE tasks SET domain = :domain WHERE id = :id")
    last = ""
    while rows := connection.execute(page, {"last": last, "size": BATCH}).all():
        found = [{"id": task_id, "domain": _domain(body)} for task_id, body in rows]
        if named := [row for row in found if row["domain"]]:
            connection.execute(update, named)
        last = rows[-1][0]


def _domain(body: str) -> str:
    try:
        task = json.loads(body)
        places = (task["env"]["parameters"], task["provenance"]["options"])
        found = next((place["domain"] for place in places if place.get("domain")), "")
    except (ValueError, KeyError, TypeError, AttributeError):
        # A text that somebody damaged; the reader of that task says so.
        return ""
    return found if isinstance(found, str) else ""


def _close_groups(connection: sa.Connection) -> None:
    """Counts the attempts at hand, from the first up to the first that is not scored."""
    query = (
        "SELECT task_id, policy, attempt FROM attempts WHERE outcome = 'scored' ORDER BY 1, 2, 3"
    )
    sizes: dict[tuple[str, str], int] = {}
    for task_id, policy, attempt in connection.execute(sa.text(query)):
        size = sizes.setdefault((task_id, policy), 0)
        if attempt == size:
            sizes[task_id, policy] = size + 1
    insert = sa.text("INSERT INTO groups (task_id, policy, size) VALUES (:task_id, :policy, :size)")
    rows = [{"task_id": t, "policy": p, "size": size} for (t, p), size in sizes.items() if size]
    if rows:
        connection.execute(insert, rows)


def downgrade() -> None:
    op.drop_table("groups")
    with op.batch_alter_table("tasks") as tasks:
        tasks.drop_column("domain")
