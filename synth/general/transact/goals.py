"""Draws what a request asks for: things that can be done, things that a rule forbids, a question."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from random import Random
from typing import Any, NamedTuple

from data.hashing import canonical_json
from envs.general.compiler import Compiled
from envs.general.domain import Action, Column
from envs.general.expr import Value
from envs.general.kinds import NUMERIC, TEMPORAL, Kind
from envs.general.trial import draw_arguments
from envs.general.world import Change, Refused, World
from synth.general.transact.choose import Chooser
from synth.general.transact.clash import contradict
from synth.general.transact.clues import View, called_columns, evaluators
from synth.general.transact.model import Clue, Errand, Goal, Question

MAX_DRAWS = 250
MAX_ACTIONS = 14
ALL_ORDERS = 3
"""Up to so many goals, every order is tried."""


class Unfit(Exception):
    """A draw that makes no task; the word is counted."""


class Ladder(NamedTuple):
    """What a level of difficulty asks for."""

    goals: int
    declined: int
    depth: int
    """How indirect clues are, 0 to 2."""
    question: float
    """How often something is asked."""


LADDER = {
    1: Ladder(1, 0, 0, 0.0),
    2: Ladder(2, 0, 0, 0.3),
    3: Ladder(2, 1, 1, 0.5),
    4: Ladder(4, 1, 1, 0.5),
    5: Ladder(5, 2, 2, 0.7),
}


class Drawn(NamedTuple):
    """An errand with what it leads to."""

    errand: Errand
    touched: tuple[tuple[Change, ...], ...]
    """What each goal changed, in the order of the goals."""
    final: tuple[Change, ...]
    """How the world differs in the end."""


class Drawer:
    def __init__(self, world: Compiled, level: int, rng: Random) -> None:
        self.world = world
        self.ladder = LADDER[level]
        self.rng = rng
        self.view, sql = evaluators(world)
        self.chooser = Chooser(self.view, sql, rng)

    def draw(self) -> Drawn:
        """Raises `Unfit`."""
        opened = self.world.open()
        try:
            return self._draw(opened)
        finally:
            opened.close()

    def _draw(self, opened: World) -> Drawn:
        goals: list[Goal] = []
        touched: list[tuple[Change, ...]] = []
        for action in self._actions(self.ladder.goals):
            found = self._goal(opened, action, touched)
            if found is not None:
                goals.append(found[0])
                touched.append(found[1])
            if len(goals) == self.ladder.goals:
                break
        if len(goals) < max(1, self.ladder.goals - 1):
            raise Unfit("too_few_goals")
        final = opened.diff(self.world.rows.tables)
        if not final:
            raise Unfit("nothing_changes")
        after = View(self.world, opened)
        declined = self._declined(opened, goals)
        if len(declined) < min(1, self.ladder.declined) and any(
            policy.rules for policy in self.world.domain.policies.values()
        ):
            raise Unfit("nothing_to_decline")
        errand = Errand(
            goals=tuple(goals),
            declined=tuple(declined),
            question=self._question(after, final),
            order=self._order(len(goals), len(declined)),
        )
        if not self._commutes(errand.goals, final):
            raise Unfit("order_matters")
        for clue in errand.clues():
            if not self._still_points(clue, after):
                raise Unfit("clue_moves")
        return Drawn(errand, tuple(touched), final)

    def _commutes(self, goals: tuple[Goal, ...], final: tuple[Change, ...]) -> bool:
        """True if other orders are allowed too and lead to the same, but for new ids."""
        right = Counter(map(outcome, final))
        for order in other_orders(goals):
            played = play(self.world, order)
            if played is None or played.broken or Counter(map(outcome, played.final)) != right:
                return False
        return True

    def _order(self, goals: int, declined: int) -> tuple[int, ...]:
        places = list(range(goals + declined))
        if declined:
            self.rng.shuffle(places)
        return tuple(places)

    def _actions(self, wanted: int) -> Iterator[Action]:
        """Actions to try, in every round all of them before any again."""
        every = list(self.world.domain.actions.values())
        for _ in range(MAX_ACTIONS // max(1, len(every)) + 2):
            self.rng.shuffle(every)
            yield from every

    def _goal(
        self, opened: World, action: Action, touched: list[tuple[Change, ...]]
    ) -> tuple[Goal, tuple[Change, ...]] | None:
        values = self._possible(action, allowed=True)
        if values is None or self._forbidden(opened, action, values) is not False:
            return None
        clues = self._clues(action, values)
        if clues is None:
            return None
        before = {(c.table, c.row_id) for changes in touched for c in changes}
        try:
            changes = opened.act(action, values)
        except (Refused, KeyError):
            return None
        if not any(change.before != change.after for change in changes):
            raise Unfit("nothing_changes")
        if any((c.table, c.row_id) in before and c.after is None for c in changes):
            raise Unfit("goals_collide")
        ask = self.rng.randrange(len(action.ask))
        return Goal(action=action.name, values=values, clues=clues, ask=ask), changes

    def _possible(self, action: Action, *, allowed: bool) -> dict[str, Value] | None:
        """Arguments that are possible at first, and allowed or forbidden as is wanted."""
        policies = [
            policy.rules[action.name]
            for policy in self.world.domain.policies.values()
            if action.name in policy.rules
        ]
        if not allowed and not policies:
            return None
        for _ in range(MAX_DRAWS):
            values = draw_arguments(self.world, action, self.rng)
            scope: dict[str, Any] = {**self.world.moments, **values}
            if not all(rule.test.run(scope, self.world.rows) for rule in action.require):
                continue
            if all(rule.run(scope, self.world.rows) for rule in policies) is allowed:
                return values
        return None

    def _clues(self, action: Action, values: dict[str, Value]) -> dict[str, Clue] | None:
        clues: dict[str, Clue] = {}
        for name, arg in action.args.items():
            value = values[name]
            if arg.type.kind is Kind.REF and value is not None:
                owner = _names_only(action, name)
                depth = 0 if owner else self.ladder.depth
                clue = self.chooser.clue(arg.type.table, str(value), depth)
                if clue is None or (owner and clue.equals):
                    return None
                clues[name] = clue
        return clues

    def _declined(self, opened: World, goals: list[Goal]) -> list[Goal]:
        """Requests that are possible and forbidden, before and after all the rest."""
        found: list[Goal] = []
        for action in self._actions(self.ladder.declined):
            if len(found) == self.ladder.declined:
                break
            values = self._possible(action, allowed=False)
            if values is None or not self._forbidden(opened, action, values):
                continue
            clues = self._clues(action, values)
            if clues is None:
                continue
            ask = self.rng.randrange(len(action.ask))
            goal = Goal(action=action.name, values=values, clues=clues, ask=ask)
            if not any(contradict(self.world, goal, other) for other in (*goals, *found)):
                found.append(goal)
        return found

    def _forbidden(self, opened: World, action: Action, values: dict[str, Value]) -> bool | None:
        """Would the call break a rule now? None if a row that it names or needs is gone."""
        try:
            for name, arg in action.args.items():
                if arg.type.kind is Kind.REF and values[name] is not None:
                    opened.row(arg.type.table, str(values[name]))
            return bool(opened.breaks(action, values))
        except KeyError:
            return None

    def _question(self, after: View, final: tuple[Change, ...]) -> Question | None:
        """A column of a row that nothing has changed."""
        if self.rng.random() >= self.ladder.question:
            return None
        changed = {(change.table, change.row_id) for change in final}
        names = list(self.world.domain.tables)
        for _ in range(MAX_ACTIONS):
            table = self.world.domain.tables[self.rng.choice(names)]
            rows = list(self.world.rows.tables[table.name].values())
            row = self.rng.choice(rows)
            row_id = str(row["id"])
            named = called_columns(table)
            columns = [
                column
                for column in table.columns.values()
                if _askable(column) and column.name not in named and row[column.name] is not None
            ]
            if (table.name, row_id) in changed or not columns:
                continue
            column = self.rng.choice(columns)
            if after.rows.row(table.name, row_id)[column.name] != row[column.name]:
                continue
            clue = self.chooser.clue(table.name, row_id, self.ladder.depth)
            if clue and column.name not in clue.equals and column.name != clue.extreme:
                return Question(clue=clue, column=column.name)
        return None

    def _still_points(self, clue: Clue, after: View) -> bool:
        """True if the clue means no other row in the end, when its own may have changed or gone."""
        text = self.view.called(clue.table)[clue.row_id]
        return set(after.matches(clue, text)) <= {clue.row_id}


def other_orders(goals: tuple[Goal, ...]) -> list[tuple[Goal, ...]]:
    """Every other order of few goals; of many, backwards and each goal first or last."""
    if len(goals) <= ALL_ORDERS:
        return list(permutations(goals))[1:]
    moved = [goals[::-1]]
    for number, goal in enumerate(goals):
        rest = (*goals[:number], *goals[number + 1 :])
        moved += [(goal, *rest), (*rest, goal)]
    return [order for order in moved if order != goals]


class Played(NamedTuple):
    final: tuple[Change, ...]
    broken: tuple[str, ...]
    """Rules that were broken on the way."""
    touched: frozenset[str]

    @property
    def changed(self) -> list[str]:
        """Ids of the rows that differ in the end."""
        return sorted({change.row_id for change in self.final})


def play(world: Compiled, goals: Sequence[Goal]) -> Played | None:
    """What comes of doing `goals` in this order; None if one of them is refused."""
    opened = world.open()
    broken: list[str] = []
    touched: set[str] = set()
    try:
        for goal in goals:
            action = world.domain.actions[goal.action]
            broken += opened.breaks(action, goal.values)
            touched |= {change.row_id for change in opened.act(action, goal.values)}
        return Played(opened.diff(world.rows.tables), tuple(broken), frozenset(touched))
    except (Refused, KeyError):
        return None
    finally:
        opened.close()


def outcome(change: Change) -> tuple[str, str, str]:
    """A change without the ids of new rows."""
    after = dict(change.after) if change.after is not None else None
    if change.before is None and after is not None:
        del after["id"]
        return change.table, "", canonical_json(after)
    return change.table, change.row_id, canonical_json(after)


def _names_only(action: Action, name: str) -> bool:
    """True if the request has the argument in quotes or as an owner, where no long phrase fits."""
    place = re.escape(f"{{{name}}}")
    framed = re.compile(rf"{place}'s|[\"'“‘《「『]{place}|{place}[\"'”’》」』]")
    return any(framed.search(part) for text in action.ask for part in text)


def _askable(column: Column) -> bool:
    kinds = NUMERIC | TEMPORAL | {Kind.ENUM, Kind.TEXT, Kind.CODE}
    return column.kind in kinds and column.spec.clue
