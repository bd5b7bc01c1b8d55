"""Chooses how a request points at a row, so that it points at that row only."""

from random import Random

from envs.general.kinds import NUMERIC, TEMPORAL, Kind
from envs.general.superlative import compares
from synth.general.transact.clues import Sql, View, referable
from synth.general.transact.model import Clue, Scalar

MAX_EQUALS = 3
MAX_TRIES = 12


class Chooser:
    """Clues over the first state of one world; `depth` 0 to 2 goes from names to indirection."""

    def __init__(self, view: View, sql: Sql, rng: Random) -> None:
        self.view = view
        self.sql = sql
        self.rng = rng

    def clue(self, table: str, row_id: str, depth: int) -> Clue | None:
        """A clue that fits this row alone by both evaluators; None if none is found."""
        indirect = depth > 0 and self.rng.random() < 0.4 * depth
        makers = [self._indirect, self._direct] if indirect else [self._direct]
        for make in makers:
            clue = make(table, row_id, depth)
            if clue is not None and self.unique(clue):
                return clue
        return None

    def unique(self, clue: Clue) -> bool:
        text = self.view.called(clue.table)[clue.row_id]
        right = [clue.row_id]
        return self.view.matches(clue, text) == right and self.sql.matches(clue) == right

    def _direct(self, table: str, row_id: str, depth: int) -> Clue | None:
        """By what it is called, and as many columns as tell it from others called the same."""
        clue = Clue(table=table, row_id=row_id, called=True)
        return clue if self.unique(clue) else self._narrowed(clue)

    def _indirect(self, table: str, row_id: str, depth: int) -> Clue | None:
        """By its columns alone, or as the first or last of those that share some."""
        for _ in range(MAX_TRIES):
            bare = Clue(table=table, row_id=row_id, called=False)
            clue = self._extreme(bare) if self.rng.random() < 0.5 else self._narrowed(bare)
            if clue is not None and self.unique(clue):
                return clue
        return None

    def _narrowed(self, clue: Clue) -> Clue | None:
        """`clue` with columns added until it is unique."""
        columns = self._columns(clue)
        for _ in range(MAX_EQUALS):
            if not columns:
                return None
            name = columns.pop()
            row = self.view.rows.row(clue.table, clue.row_id)
            equals = {**clue.equals, name: row[name]}
            clue = clue.model_copy(update={"equals": equals})
            if self.unique(clue):
                return self._pruned(clue)
        return None

    def _pruned(self, clue: Clue) -> Clue:
        """Without columns that it does not need."""
        for name in list(clue.equals):
            equals = {key: value for key, value in clue.equals.items() if key != name}
            shorter = clue.model_copy(update={"equals": equals})
            if (equals or clue.called) and self.unique(shorter):
                clue = shorter
        return clue

    def _columns(self, clue: Clue) -> list[str]:
        """Columns of the row that a person would mention, the most telling ones last."""
        table = self.view.domain.tables[clue.table]
        row = self.view.rows.row(clue.table, clue.row_id)
        names = [name for name in referable(table, self.view.domain) if row[name] is not None]
        self.rng.shuffle(names)
        return sorted(names, key=lambda name: table.columns[name].spec.say is not None)

    def _extreme(self, clue: Clue) -> Clue | None:
        table = self.view.domain.tables[clue.table]
        row = self.view.rows.row(clue.table, clue.row_id)
        measures = [
            column.name
            for column in table.columns.values()
            if column.kind in NUMERIC | TEMPORAL
            and column.spec.clue
            and compares(column)
            and row[column.name] is not None
        ]
        if not measures:
            return None
        kinds = (Kind.ENUM, Kind.REF, Kind.BOOL)
        shared = [n for n in self._columns(clue) if table.columns[n].kind in kinds]
        equals: dict[str, Scalar] = {name: row[name] for name in shared[-self.rng.randint(0, 2) :]}
        if self.rng.random() < 0.3:
            equals = {}
        self.rng.shuffle(measures)
        for measure in measures:
            for largest in (True, False):
                made = clue.model_copy(
                    update={"extreme": measure, "largest": largest, "equals": equals}
                )
                if self.unique(made):
                    return self._pruned(made) if equals else made
        return None
