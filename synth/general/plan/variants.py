"""Answers to a plan task that must score 1, and near misses and hacks that must score 0."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

from pydantic import JsonValue

from data.hashing import derive_rng
from data.task import Script, Task
from synth.general.plan.author import answer
from synth.general.plan.solved import Plan
from synth.parts import Variant
from verifiers.general.evaluate import Evaluator
from verifiers.general.form import example
from verifiers.general.plan import PlanSpec
from verifiers.general.tables import Tables

MAX_ALTERNATIVES = 24


class Variants:
    """`near` has a plan for each rule that breaks it alone; `others` are searched when asked for."""

    def __init__(
        self,
        task: Task,
        spec: PlanSpec,
        tables: Tables,
        solution: Plan,
        others: Callable[[], list[Plan]],
        near: Mapping[str, Plan],
    ) -> None:
        self.task = task
        self.spec = spec
        self.tables = tables
        self.solution = solution
        self.others = others
        self.near = near
        self.evaluator = Evaluator(spec.problem, tables)
        self.calls = task.hidden.witness.calls

    def alternatives(self) -> Iterator[Variant]:
        """The witness's plan and others, each in another spelling."""
        plain = self._value(self.solution)
        for label, spell in SPELLINGS.items():
            yield self._variant(label, spell(plain))
        keys = {slot: str(key) for slot, key in self.solution.items()}
        yield self._variant("ids", json.dumps(answer(self.spec.form, keys)))
        calls = (*self.calls, self.calls[0])
        yield Variant("wasted call", Script(calls=calls, answer=_compact(plain)))
        others = self.others()
        rng = derive_rng(self.task.id, "alternatives")
        chosen = rng.sample(others, min(MAX_ALTERNATIVES - len(SPELLINGS), len(others)))
        for number, (plan, spell) in enumerate(zip(chosen, cycle(SPELLINGS.values())), start=1):
            yield self._variant(f"plan {number}", spell(self._value(plan)))

    def mutants(self) -> Iterator[Variant]:
        """Each rule broken alone, each pick changed, and answers that are not quite one plan."""
        for rule_id, plan in self.near.items():
            yield self._variant(f"breaks {rule_id}", _compact(self._value(plan)))
        for slot in self.spec.problem.slots:
            wrong = self._nearly(slot.name)
            if wrong is not None:
                yield self._variant(f"another {slot.name}", _compact(self._value(wrong)))
        plain = self._value(self.solution)
        yield self._variant("unknown name", self._with({self._any(): "Nobody 7"}))
        yield self._variant("empty name", self._with({self._any(): ""}))
        yield self._variant("one key more", json.dumps(_widened(plain)))
        yield self._variant("one part short", json.dumps(_shortened(plain)))

    def _nearly(self, slot: str) -> Plan | None:
        """The solution with another row in `slot`, which breaks a rule."""
        for key in self.tables.keys(self.spec.problem.table_of(slot)):
            plan = {**self.solution, slot: key}
            if self.evaluator.broken(plan):
                return plan
        return None

    def cheats(self) -> Iterator[Variant]:
        """Hacks that agents try where they cannot or will not plan."""
        right = _compact(self._value(self.solution))
        rival = _compact(self._value(next(iter(self.near.values()))))
        form = _compact(
            example(self.spec.form, {s.name: "<name>" for s in self.spec.problem.slots})
        )
        yield self._variant("the form itself", form)
        yield self._variant("two plans", f"{right}\n{rival}")
        yield self._variant("in a list", f"[{right}, {rival}]")
        shown = self._shown(self.solution)
        slot = self._any()
        names = [str(key) for key in self.tables.keys(self.spec.problem.table_of(slot))]
        for label, said in {
            "everything": ", ".join(names),
            "hedged": f"{shown[slot]} or {names[0]}",
            "wildcard": "*",
            "pattern": ".*",
        }.items():
            yield self._variant(f"hedge: {label}", self._with({slot: said}))
        values: JsonValue = [shown[slot], names[0]]
        yield self._variant(
            "hedge: list", _compact(example(self.spec.form, {**shown, slot: values}))
        )
        yield self._variant("in words", ", ".join(shown.values()))
        wrapped = {"plan": self._value(self.solution), "score": 1}
        yield self._variant("wrapped", _compact(wrapped))

    def _any(self) -> str:
        return self.spec.problem.slots[-1].name

    def _shown(self, plan: Plan) -> dict[str, str]:
        problem, tables = self.spec.problem, self.tables
        return {slot: tables.shown(problem.table_of(slot), key) for slot, key in plan.items()}

    def _value(self, plan: Plan) -> JsonValue:
        return answer(self.spec.form, self._shown(plan))

    def _with(self, changed: dict[str, str]) -> str:
        return _compact(answer(self.spec.form, {**self._shown(self.solution), **changed}))

    def _variant(self, label: str, text: str) -> Variant:
        return Variant(label, Script(calls=self.calls, answer=text))


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fenced(value: JsonValue) -> str:
    return f"Here is the plan.\n```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```\n"


def _escaped(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=True)


def _loud(value: JsonValue) -> str:
    return json.dumps(_changed(value, lambda text: f"  {text.upper()} "), ensure_ascii=False)


def _wide(value: JsonValue) -> str:
    """Letters and digits in their full width."""
    wide = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)} | {ord('"'): ord('"')}
    return json.dumps(_changed(value, lambda text: text.translate(wide)), ensure_ascii=False)


def _reversed(value: JsonValue) -> str:
    """Keys, and the items that carry their number, in the other order; numbers as decimals."""
    return json.dumps(_turned(value), ensure_ascii=False)


SPELLINGS: Mapping[str, Callable[[JsonValue], str]] = {
    "compact": _compact,
    "fenced": _fenced,
    "escaped": _escaped,
    "loud": _loud,
    "full width": _wide,
    "reversed": _reversed,
}


def _changed(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _changed(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_changed(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def _turned(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        numbered = all(isinstance(i, dict) and _number(i) for i in value)
        return [_turned(part) for part in (reversed(value) if numbered else value)]
    return float(value) if isinstance(value, int) else value


def _number(item: dict[str, JsonValue]) -> bool:
    """True if the item says which one it is, so that its place in the list means nothing."""
    return any(isinstance(part, int) for part in item.values())


def _widened(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        first = value[0]
        assert isinstance(first, dict)
        return [{**first, "note": ""}, *value[1:]]
    assert isinstance(value, dict)
    return {**value, "note": ""}


def _shortened(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return value[1:]
    assert isinstance(value, dict)
    return dict(list(value.items())[1:])
