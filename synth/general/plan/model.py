"""Plan problems solved, enumerated and refuted by CP-SAT.

One worker, a fixed seed, limits in deterministic time: the same problem always gives the same plans
in the same order, on any machine.
"""

from ortools.sat.python import cp_model

from synth.general.plan.reify import Reifier
from synth.general.plan.solved import Enumerated, Plan, Unsolved
from verifiers.general.constraints import PlanProblem
from verifiers.general.tables import Tables

MAX_EFFORT = 10.0
"""Deterministic seconds of one search."""


class PlanModel:
    """A problem in CP-SAT, every rule behind a literal; searches fix the literals."""

    def __init__(self, problem: PlanProblem, tables: Tables) -> None:
        reifier = Reifier(problem, tables)
        self.problem = problem
        self.keys = reifier.keys
        self.rows = reifier.rows
        self.model = reifier.model
        self.held = {}
        for rule in problem.rules:
            stands = self.model.new_bool_var("")
            self.model.add(stands == reifier.literal(rule.formula))
            self.held[rule.id] = stands

    def plans(self, limit: int) -> Enumerated:
        """Plans that satisfy every rule: all, or the first `limit` of them."""
        self._fix({})
        collector = _Collector(self, limit)
        status = self._solver(enumerate_all=True).solve(self.model, collector)
        if status == cp_model.INFEASIBLE or (
            status == cp_model.OPTIMAL and len(collector.plans) < limit
        ):
            return Enumerated(collector.plans, True)
        if len(collector.plans) >= limit:
            return Enumerated(collector.plans, False)
        raise Unsolved

    def breaking_only(self, rule_id: str) -> Plan | None:
        """A plan that breaks this rule and no other; None if there is none: it is implied."""
        self._fix({rule_id: False})
        solver = self._solver(enumerate_all=False)
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            return None
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise Unsolved
        return {
            slot: self.keys[slot][next(i for i, x in enumerate(row) if solver.boolean_value(x))]
            for slot, row in self.rows.items()
        }

    def _fix(self, wanted: dict[str, bool]) -> None:
        for rule_id, literal in self.held.items():
            value = int(wanted.get(rule_id, True))
            domain = self.model.proto.variables[literal.index].domain
            domain.clear()
            domain.extend([value, value])

    def _solver(self, enumerate_all: bool) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = MAX_EFFORT
        solver.parameters.enumerate_all_solutions = enumerate_all
        # Problems are small: preparing a search costs more than it saves.
        solver.parameters.cp_model_presolve = False
        solver.parameters.linearization_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        return solver


class _Collector(cp_model.CpSolverSolutionCallback):
    """Keeps plans as they are found, up to a limit."""

    def __init__(self, model: PlanModel, limit: int) -> None:
        super().__init__()
        self._model = model
        self._limit = limit
        self.plans: list[Plan] = []

    def on_solution_callback(self) -> None:
        plan = {}
        for slot, literals in self._model.rows.items():
            row = next(i for i, x in enumerate(literals) if self.boolean_value(x))
            plan[slot] = self._model.keys[slot][row]
        self.plans.append(plan)
        if len(self.plans) >= self._limit:
            self.stop_search()
