"""The store: certified tasks, the progress of synthesis and the rollouts, in SQLite or PostgreSQL.

`Store` is the whole interface; what is hidden behind it (tables, migrations, locks) may change.
"""

from data.store.attempts import PassRate
from data.store.database import Limits
from data.store.draws import Drawn, Run, RunProgress
from data.store.store import Store

__all__ = ["Drawn", "Limits", "PassRate", "Run", "RunProgress", "Store"]
