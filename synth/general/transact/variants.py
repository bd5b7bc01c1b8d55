"""Scripted attempts that must score 1 or 0: the same outcome by other ways, and near misses of it.

Attempts report honestly what they changed, so that a near miss is wrong in one thing only.
"""

import json
from collections.abc import Iterator, Sequence
from random import Random

from data.hashing import canonical_json
from data.task import JsonObject, Script, Task, ToolCall
from envs.general.compiler import Compiled
from envs.general.kinds import Kind
from envs.general.trial import draw_arguments
from synth.general.transact.clues import evaluators
from synth.general.transact.goals import Played, other_orders, outcome, play
from synth.general.transact.model import Clue, Errand, Goal, Scalar
from synth.general.transact.route import action_call
from synth.parts import Variant

MAX_TRIES = 40
MAX_STRAYS = 2
MAX_ORDERS = 3
MAX_WRONG_ROWS = 1
"""Wrong rows that are tried for each argument."""


class Variants:
    def __init__(
        self, task: Task, errand: Errand, world: Compiled, played: Played, rng: Random
    ) -> None:
        self.task = task
        self.errand = errand
        self.world = world
        self.played = played
        self.rng = rng
        reference = task.hidden.reference
        assert isinstance(reference, dict)
        self.reference: JsonObject = reference
        self.right = sorted(map(outcome, played.final))
        self.direct = tuple(action_call(world, goal) for goal in errand.goals)

    def answer(self, listed: Sequence[str], **other: object) -> str:
        """The report that lists these ids."""
        return json.dumps({**self.reference, "changed": list(listed), **other}, ensure_ascii=False)

    def _script(self, goals: Sequence[Goal]) -> Script | None:
        """The attempt that does `goals` and reports it; None if one of them is refused."""
        played = play(self.world, goals)
        if played is None:
            return None
        calls = tuple(action_call(self.world, goal) for goal in goals)
        return Script(calls=calls, answer=self.answer(played.changed))

    def alternatives(self) -> Iterator[Variant]:
        """Other orders, more or no reading, other spellings of the report."""
        goals, changed = self.errand.goals, self.played.changed
        direct, witness = self.direct, self.task.hidden.witness.calls
        orders = other_orders(goals)
        for order in self.rng.sample(orders, min(MAX_ORDERS, len(orders))):
            if script := self._script(order):
                yield Variant("another order", script)
        yield Variant("by ids at once", Script(calls=direct, answer=self.answer(changed)))
        reads = witness[: len(witness) - len(direct)]
        more = Script(calls=(*direct, *reads), answer=self.answer(changed))
        yield Variant("reading after", more)
        for goal in self.errand.declined:
            if self._refused(goal):
                call = action_call(self.world, goal)
                tried = Script(calls=(call, *direct), answer=self.answer(changed))
                yield Variant("refused by the tool", tried)
        nonsense = ToolCall(name="no_such_tool", arguments={})
        yield Variant(
            "a call of nothing", Script(calls=(nonsense, *direct), answer=self.answer(changed))
        )
        for label, text in self._spellings(changed):
            yield Variant(label, Script(calls=direct, answer=text))

    def _spellings(self, changed: list[str]) -> Iterator[tuple[str, str]]:
        full: JsonObject = {**self.reference, "changed": list(changed)}
        yield "fenced", f"Done.\n```json\n{canonical_json(full)}\n```"
        yield "ids reversed", self.answer(changed[::-1])
        yield "keys reversed", json.dumps(dict(reversed(full.items())), ensure_ascii=False)
        yield "spread out", json.dumps(full, indent=4)
        yield "a float", self.answer(changed, declined=float(len(self.errand.declined)))

    def _refused(self, goal: Goal) -> bool:
        """True if a tool itself refuses what has to be declined."""
        return play(self.world, (goal,)) is None

    def mutants(self) -> Iterator[Variant]:
        """One thing wrong in each: a goal, a row, a value, a stray write, a rule, the report."""
        yield from self._dropped()
        yield from self._strays()
        for number in range(len(self.errand.goals)):
            yield from self._wrong_arguments(number)
        yield from self._forbidden()
        yield from self._misreports()

    def _dropped(self) -> Iterator[Variant]:
        goals = self.errand.goals
        for number, goal in enumerate(goals):
            if script := self._script((*goals[:number], *goals[number + 1 :])):
                yield Variant(f"without {goal.action}", script)

    def _strays(self) -> Iterator[Variant]:
        actions = list(self.world.domain.actions.values())
        found = 0
        for _ in range(MAX_TRIES):
            action = self.rng.choice(actions)
            values = draw_arguments(self.world, action, self.rng)
            stray = Goal(action=action.name, values=values, clues={}, ask=0)
            script = self._differs((*self.errand.goals, stray))
            if script is None:
                continue
            yield Variant(f"stray {action.name}", script)
            found += 1
            if found == MAX_STRAYS:
                return

    def _differs(self, goals: Sequence[Goal]) -> Script | None:
        """The attempt, if it can be made and ends in another state."""
        played = play(self.world, goals)
        if played is None or sorted(map(outcome, played.final)) == self.right:
            return None
        return self._script(goals)

    def _wrong_arguments(self, number: int) -> Iterator[Variant]:
        goals = self.errand.goals
        goal = goals[number]
        action = self.world.domain.actions[goal.action]
        for name in action.args:
            found = 0
            for value in self._others(goal, name):
                wrong = goal.model_copy(update={"values": {**goal.values, name: value}})
                script = self._differs((*goals[:number], wrong, *goals[number + 1 :]))
                if script is not None:
                    yield Variant(f"{goal.action} with another {name}", script)
                    found += 1
                if found == MAX_WRONG_ROWS:
                    break

    def _others(self, goal: Goal, name: str) -> Iterator[Scalar]:
        """Other values of an argument; rows that nearly fit the clue come first."""
        action = self.world.domain.actions[goal.action]
        arg = action.args[name]
        if arg.type.kind is not Kind.REF:
            seen = {goal.values[name]}
            for _ in range(MAX_TRIES):
                value = draw_arguments(self.world, action, self.rng)[name]
                if value not in seen and value is not None:
                    seen.add(value)
                    yield value
            return
        if goal.values[name] is None:
            return
        near = list(dict.fromkeys(self._near(goal.clues[name])))
        rest = [row_id for row_id in self.world.rows.tables[arg.type.table] if row_id not in near]
        self.rng.shuffle(rest)
        yield from near[: MAX_TRIES // 2]
        yield from [row_id for row_id in rest if row_id != goal.values[name]][: MAX_TRIES // 2]

    def _near(self, clue: Clue) -> Iterator[str]:
        """Rows that fit all of a clue but one part of it."""
        view, _ = evaluators(self.world)
        text = view.called(clue.table)[clue.row_id]
        weaker = [
            clue.model_copy(update={"equals": {k: v for k, v in clue.equals.items() if k != name}})
            for name in clue.equals
        ]
        if clue.extreme:
            weaker.append(clue.model_copy(update={"extreme": ""}))
            weaker.append(clue.model_copy(update={"largest": not clue.largest}))
        for less in weaker:
            for row_id in view.matches(less, text):
                if row_id != clue.row_id:
                    yield row_id

    def _forbidden(self) -> Iterator[Variant]:
        """What had to be declined is done; and a rule is broken on the way to the right state."""
        goals = self.errand.goals
        for goal in self.errand.declined:
            script = self._script((*goals, goal))
            if script is not None:
                yield Variant(f"forbidden {goal.action}", script)
        for number, goal in enumerate(goals):
            detour = self._detour(goal)
            if detour is None:
                continue
            script = self._script((*goals[:number], detour, *goals[number:]))
            if script is not None:
                yield Variant(f"{goal.action} by way of a broken rule", script)

    def _detour(self, goal: Goal) -> Goal | None:
        """The same action with a forbidden value, which doing it right then makes good."""
        action = self.world.domain.actions[goal.action]
        free = [name for name, arg in action.args.items() if arg.type.kind is not Kind.REF]
        rules = [p for p in self.world.domain.policies.values() if goal.action in p.rules]
        if not free or not rules:
            return None
        for _ in range(MAX_TRIES):
            drawn = draw_arguments(self.world, action, self.rng)
            values = {**goal.values, **{name: drawn[name] for name in free}}
            wrong = goal.model_copy(update={"values": values})
            played = play(self.world, (wrong, goal))
            if played is None or not played.broken:
                continue
            alone = play(self.world, (goal,))
            same = alone is not None and sorted(map(outcome, alone.final)) == sorted(
                map(outcome, played.final)
            )
            if same:
                return wrong
        return None

    def _misreports(self) -> Iterator[Variant]:
        changed = self.played.changed
        declined = len(self.errand.declined)
        calls = self.direct
        wrong = {
            "one declined more": self.answer(changed, declined=declined + 1),
            "one id short": self.answer(changed[1:]),
            "one id more": self.answer([*changed, self._untouched()]),
            "no list": self.answer(changed, changed=changed[0]),
            "a key more": self.answer(changed, note="done"),
            "two reports": f"{self.answer(changed)} {self.answer([])}",
        }
        if declined:
            wrong["none declined"] = self.answer(changed, declined=0)
        if self.errand.question:
            for value in self._other_answers():
                wrong[f"answer {value}"] = self.answer(changed, answer=value)
        for label, text in wrong.items():
            yield Variant(label, Script(calls=calls, answer=text))

    def _untouched(self) -> str:
        for rows in self.world.rows.tables.values():
            for row_id in rows:
                if row_id not in self.played.touched:
                    return row_id
        return "none"

    def _other_answers(self) -> list[object]:
        """What the question's column holds elsewhere, and no answer at all."""
        question = self.errand.question
        assert question is not None
        right = self.reference["answer"]
        rows = self.world.rows.tables[question.clue.table].values()
        values = [row[question.column] for row in rows]
        other = [v for v in dict.fromkeys(values) if v is not None and v != right]
        return [*other[:2], None, ""]

    def cheats(self) -> Iterator[Variant]:
        """A report without the work, statements in place of values, the answer in the wrong place."""
        changed = self.played.changed
        yield Variant("report only", Script(calls=(), answer=self.answer(changed)))
        reads = self.task.hidden.witness.calls
        only = tuple(call for call in reads if call not in self.direct)
        yield Variant("reading only", Script(calls=only, answer=self.answer(changed)))
        hostile = tuple(
            call.model_copy(
                update={
                    "arguments": {
                        name: f"{value}'; UPDATE x SET y = 1; --"
                        if isinstance(value, str)
                        else value
                        for name, value in call.arguments.items()
                    }
                }
            )
            for call in self.direct
        )
        yield Variant("statements for ids", Script(calls=hostile, answer=self.answer(changed)))
        twice = self._twice()
        if twice is not None:
            yield Variant("everything twice", twice)

    def _twice(self) -> Script | None:
        return self._differs((*self.errand.goals, *self.errand.goals))
