"""Tries every action of compiled worlds with drawn arguments: what never works is an error.

An action that is always refused, or a policy that never matters, compiles well and makes no task.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from data.hashing import derive_rng
from envs.general.compiler import Compiled
from envs.general.domain import Action
from envs.general.draws import draw_value
from envs.general.expr import Value
from envs.general.kinds import Kind
from envs.general.phrases import asked, called, value_words
from envs.general.world import Refused

TRIES = 150
"""Draws of arguments per action and world."""
RARE = 0.004
"""Below this share of draws, an action counts as out of reach."""


def trial_problems(worlds: Sequence[Compiled]) -> list[str]:
    """One line for each action that never works and each policy that never or always bites."""
    trial = _Trial()
    for world in worlds:
        trial.run(world)
    return list(trial.problems())


def draw_arguments(world: Compiled, action: Action, rng: Random) -> dict[str, Value]:
    """Arguments of the right types; nothing says that the action can be done with them."""
    values: dict[str, Value] = {}
    for arg in action.args.values():
        if not arg.required and rng.random() < 0.5:
            values[arg.name] = None
        elif arg.type.kind is Kind.REF:
            values[arg.name] = rng.choice(list(world.rows.tables[arg.type.table]))
        else:
            today = world.domain.spec.today
            values[arg.name] = draw_value(arg.spec, today, world.variant.language, rng)
    return values


def sample_asks(world: Compiled) -> Iterator[str]:
    """Each action asked for once, in the world's language, with arguments that are possible."""
    language, spec = world.variant.language, world.domain.spec
    for action in world.domain.actions.values():
        rng = derive_rng(world.seed, "sample", action.name)
        for _ in range(TRIES):
            values = draw_arguments(world, action, rng)
            scope: dict[str, Any] = {**world.moments, **values}
            if all(rule.test.run(scope, world.rows) for rule in action.require):
                break
        slots = {
            name: called(world, arg.type.table, str(values[name]), language)
            if arg.type.kind is Kind.REF
            else value_words(arg.spec, values[name], language, spec.today, spec.currency)
            for name, arg in action.args.items()
            if values[name] is not None
        }
        for text in action.ask:
            yield asked(text.of(language), slots, language)
    for plan in world.domain.plans.values():
        for text in plan.ask:
            yield asked(text.of(language), {"count": str(plan.count[0])}, language)


class _Trial:
    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.possible: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.failing: Counter[tuple[str, str]] = Counter()
        self.asked: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self.refusals: dict[str, str] = {}

    def run(self, world: Compiled) -> None:
        for action in world.domain.actions.values():
            rng = derive_rng(world.seed, "trial", action.name)
            executed = 0
            for _ in range(TRIES):
                values = draw_arguments(world, action, rng)
                self.tried[action.name] += 1
                if self._allowed(world, action, values) and executed < 3:
                    executed += 1
                    self._execute(world, action, values)

    def _allowed(self, world: Compiled, action: Action, values: dict[str, Value]) -> bool:
        scope: dict[str, Any] = {**world.moments, **values}
        for rule in action.require:
            if not rule.test.run(scope, world.rows):
                self.failing[action.name, rule.test.text] += 1
                return False
        self.possible[action.name] += 1
        broken = False
        for policy in world.domain.policies.values():
            test = policy.rules.get(action.name)
            if test:
                self.asked[policy.name] += 1
                if not test.run(scope, world.rows):
                    self.broken[policy.name] += 1
                    broken = True
        return not broken

    def _execute(self, world: Compiled, action: Action, values: dict[str, Value]) -> None:
        opened = world.open()
        try:
            changes = opened.act(action, values)
            if changes:
                self.done[action.name] += 1
            else:
                self.refusals[action.name] = "it changes nothing"
        except Refused as refused:
            self.refusals[action.name] = f"refused: {refused}"
        finally:
            opened.close()

    def problems(self) -> Iterator[str]:
        for name, tried in self.tried.items():
            if self.possible[name] < RARE * tried:
                rules = [(n, text) for (action, text), n in self.failing.items() if action == name]
                count, text = max(rules, default=(0, ""))
                yield (
                    f"actions.{name}.require: out of {tried} calls with drawn arguments "
                    f"{self.possible[name]} were possible; {text!r} failed {count} times; let more "
                    "rows satisfy it, or take fewer arguments"
                )
            elif not self.done[name]:
                why = self.refusals.get(name, "policies forbid every call that is possible")
                yield f"actions.{name}: never works: {why}"
        for name, number in self.asked.items():
            if number and not self.broken[name]:
                yield (
                    f"policies.{name}: is broken by none of {number} possible calls, so it never "
                    "matters; tighten it, or drop what `require` already says"
                )
            elif number > 20 and self.broken[name] == number:
                yield f"policies.{name}: forbids all of {number} possible calls; loosen it"
