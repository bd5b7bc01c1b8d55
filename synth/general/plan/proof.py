"""What a plan task's certificate is made of, derived anew from its domain file."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from data.errors import TaskError
from data.hashing import canonical_json
from data.task import JsonObject, Task
from data.trajectory import Trajectory
from envs.general.compiler import Compiled
from envs.general.env import open_compiled
from envs.general.surface import Op, id_name, shown_name
from synth.general.plan.author import PlanProof, first_rows_do
from synth.general.plan.counting import Counted, PlanCounter, TooMany
from synth.general.plan.ladder import LEVELS, MAX_WORK
from synth.general.plan.solved import Enumerated, Plan, Unsolved
from synth.general.plan.variants import Variants
from synth.parts import Finding, Parts
from verifiers.general.evaluate import Evaluator
from verifiers.general.plan import plan_spec
from verifiers.general.worlds import plan_tables

if TYPE_CHECKING:
    from synth.general.plan.model import PlanModel

MAX_ENUMERATED = 60
"""Plans that CP-SAT lists: all where there are fewer, else proof that there are so many."""


def plan_parts(task: Task, regenerated: Callable[[], str]) -> Parts:
    """See `synth.parts`. Raises `TaskError` if the stored proof does not parse."""
    try:
        proof = PlanProof.model_validate(task.hidden.proof)
    except ValidationError as error:
        first = error.errors()[0]
        raise TaskError(f"{task.id}: the stored proof is altered: {first['msg']}") from error
    prover = _Prover(task, proof)
    variants = Variants(task, prover.spec, prover.tables, proof.solution, prover.others, proof.near)
    return Parts(
        regenerated=regenerated,
        complete=prover.complete,
        shortcut=prover.shortcut,
        secrets=prover.secrets(),
        retrace=prover.retrace,
        alternatives=variants.alternatives(),
        mutants=variants.mutants(),
        cheats=variants.cheats(),
    )


class _Prover:
    def __init__(self, task: Task, proof: PlanProof) -> None:
        self.task = task
        self.proof = proof
        self.spec = plan_spec(task)
        self.problem = self.spec.problem
        self.world: Compiled = open_compiled(task.public())
        if self.spec.plan not in self.world.domain.plans:
            raise TaskError(f"{task.id}: the domain has no plan {self.spec.plan!r}")
        self.tables = plan_tables(self.world, self.spec.plan)
        self.evaluator = Evaluator(self.problem, self.tables)

    @cached_property
    def _model(self) -> "PlanModel":
        from synth.general.plan.model import PlanModel

        return PlanModel(self.problem, self.tables)

    @cached_property
    def _enumerated(self) -> Enumerated:
        return self._model.plans(MAX_ENUMERATED)

    def others(self) -> list[Plan]:
        """Right plans that the solver found, without the witness's."""
        return [plan for plan in self._enumerated.plans if plan != self.proof.solution]

    def complete(self) -> Finding:
        """Both evaluators count the right plans; each rule is broken alone by a plan, so none is dead."""
        counter = PlanCounter(self.problem, self.tables, MAX_WORK)
        try:
            counted = counter.bounds(rule.formula for rule in self.problem.rules)
            found = self._enumerated
        except (TooMany, Unsolved):
            return Finding("too_hard_to_count", {})
        evidence: JsonObject = {
            "counted": [counted.low, counted.high],
            "by_solver": len(found.plans),
            "solver_found_all": found.complete,
            "well_formed": counter.well_formed(),
            "rules": len(self.problem.rules),
        }
        if not _agree(counted, found):
            return Finding("evaluators_disagree", evidence)
        if not self.evaluator.solves(self.proof.solution):
            return Finding("no_solution", evidence)
        stored = (self.proof.low, self.proof.high, self.proof.well_formed)
        if stored != (counted.low, counted.high, counter.well_formed()):
            return Finding("another_count", evidence)
        for rule in self.problem.rules:
            near = self.proof.near.get(rule.id)
            if near is None or self.evaluator.broken(near) != [rule.id]:
                return Finding("implied_rule", {**evidence, "rule": rule.id})
        return Finding("", evidence)

    def shortcut(self) -> Finding:
        """The share of right plans is that of the level, and no plan without thought is right."""
        measures = self.task.difficulty.measures
        density = self.proof.high / self.proof.well_formed
        evidence: JsonObject = dict(measures)
        high = LEVELS[self.task.difficulty.level].share(len(self.problem.slots))[1]
        if density > high or density != measures.get("density"):
            return Finding("other_density", evidence)
        if first_rows_do(self.problem, self.tables):
            return Finding("first_rows_do", evidence)
        return Finding("", evidence)

    def secrets(self) -> tuple[str, ...]:
        keyed = {name for name, table in self.world.domain.tables.items() if table.key}
        ids = {
            str(key)
            for slot, key in self.proof.solution.items()
            if self.problem.table_of(slot).partition("@")[0] not in keyed
        }
        hidden = self.task.hidden
        return (canonical_json(hidden.verifier), hidden.witness.answer, *sorted(ids))

    def retrace(self, trajectory: Trajectory) -> Finding:
        """Every id that a call names, and every name in the answer, stood in an observation."""
        seen = ""
        asked = {tool.tool.name: tool for tool in self.world.reads}
        for turn in trajectory.turns[:-1]:
            for call, observation in zip(turn.calls, turn.observations, strict=True):
                tool = asked[call.name]
                table = self.world.domain.tables[tool.table]
                given: JsonValue = None
                if tool.op in (Op.GET, Op.FIELDS):
                    given = call.arguments[id_name(table)]
                elif tool.by:
                    given = call.arguments[shown_name(self.world.domain, table.columns[tool.by])]
                if given is not None and str(given) not in seen:
                    return Finding("id from nowhere", {"call": call.name})
                seen += observation.text
        for name in _texts(self.task.hidden.reference):
            if canonical_json(name)[1:-1] not in seen:
                return Finding("name from nowhere", {"name": name})
        return Finding("", {"reads": len(trajectory.turns) - 1})


def _agree(counted: Counted, found: Enumerated) -> bool:
    if found.complete:
        exactly = counted.low == counted.high == len(found.plans)
        return exactly or (not counted.exact and len(found.plans) <= counted.high)
    return counted.high >= len(found.plans)


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []
