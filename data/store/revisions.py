"""Runs the migrations with Alembic; there is no configuration file to lose."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import data.migrations
from data.store.schema import SCHEMA_VERSION


def upgrade(connection: Connection) -> None:
    """Brings the tables to `SCHEMA_VERSION`, inside the connection's open transaction."""
    command.upgrade(alembic_config(connection), SCHEMA_VERSION)


def alembic_config(connection: Connection) -> Config:
    """What Alembic's commands need to work on `connection`, inside its open transaction."""
    config = Config()
    folder = Path(data.migrations.__file__).parent
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
