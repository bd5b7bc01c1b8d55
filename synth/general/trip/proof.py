"""What a trip's certificate is made of, derived anew from its world."""

import json
from collections.abc import Callable, Iterator
from functools import cached_property

from pydantic import ValidationError

from data.errors import TaskError
from data.hashing import canonical_json, derive_rng
from data.record import Record
from data.task import JsonObject, Script, Task
from data.trajectory import Trajectory
from envs.general.trip.session import open_trip
from synth.general.trip.count import TripCounter, Uncounted
from synth.general.trip.frame import (
    PLAN,
    Frame,
    compare,
    counted_rules,
    form,
    standing_rules,
)
from synth.general.trip.measure import measures
from synth.general.trip.witness import said, submission, submitted, unfounded
from synth.parts import Finding, Parts, Variant
from verifiers.general.constraints import Operator, PlanProblem, Rule, Scalar
from verifiers.general.evaluate import Evaluator
from verifiers.general.plan import plan_spec
from verifiers.general.trip import trip_tables_of

Plan = dict[str, Scalar]

NUM_ALTERNATIVES = 20
NUM_OTHERS = 3
"""Other rows that are put into each slot of the witness, at most, as mutants."""
MAX_EXPANDED = 1_200_000
"""Partial plans that the second count may look at."""
PINNED = ((), ("hotel",), ("hotel", "sight"), ("hotel", "sight", "lunch"))
"""Slots in which the witness's rows are kept until the rest can be counted twice."""
NUM_ROUTES = 6
"""Routes whose plans are counted twice where all plans together cannot be."""


class TripProof(Record):
    """`task.hidden.proof` of a trip task."""

    family: str
    num_days: int
    away: bool
    plan: dict[str, Scalar]
    history: tuple[tuple[str, float], ...]


def trip_parts(task: Task, regenerated: Callable[[], str]) -> Parts:
    """See `synth.parts`. Raises `TaskError` if the stored proof does not parse."""
    try:
        proof = TripProof.model_validate(task.hidden.proof)
    except ValidationError as error:
        first = error.errors()[0]
        raise TaskError(f"{task.id}: the stored proof is altered: {first['msg']}") from error
    prover = _Prover(task, proof)
    return Parts(
        regenerated=regenerated,
        complete=prover.complete,
        shortcut=prover.shortcut,
        secrets=prover.secrets(),
        retrace=prover.retrace,
        alternatives=prover.alternatives(),
        mutants=prover.mutants(),
        cheats=prover.cheats(),
    )


class _Prover:
    def __init__(self, task: Task, proof: TripProof) -> None:
        self.task = task
        self.plan = proof.plan
        self.frame = Frame(open_trip(task.public()), proof.num_days, proof.away)
        self.tables = trip_tables_of(self.frame.compiled)
        self.spec = plan_spec(task)
        self.problem: PlanProblem = self.spec.problem
        self.evaluator = Evaluator(self.problem, self.tables)
        standing = {rule.id for rule in standing_rules(self.frame)}
        self.wishes = tuple(rule for rule in self.problem.rules if rule.id not in standing)

    def complete(self) -> Finding:
        """Two counters that share no code find the same number of plans, and it is not 0.

        Where all plans at once are too much work for the counter by slots, both count the plans on
        some routes, or those on the witness's route that share its hotels, and so on.
        """
        if self.problem.rules[: -len(self.wishes)] != standing_rules(self.frame):
            return Finding("other_standing_rules", {})
        if self.spec.form != form(self.frame) or self.spec.plan != PLAN:
            return Finding("other_form", {})
        try:
            right, by_slots = self._right, self._by_slots()
            evidence: JsonObject = {"by_routes": right, "by_slots": by_slots}
            if by_slots is None:
                pairs = self._in_part()
                evidence["in_part"] = [list(pair) for pair in pairs]
                agree = bool(pairs) and all(one == other for one, other in pairs)
            else:
                agree = by_slots == right
        except Uncounted:
            return Finding("uncounted", {})
        if not agree:
            return Finding("counts_disagree", evidence)
        if not right:
            return Finding("no_plan", evidence)
        if not self.evaluator.solves(self.plan):
            return Finding("witness_breaks_a_rule", evidence)
        return Finding("", evidence)

    @cached_property
    def _counter(self) -> TripCounter:
        return TripCounter(self.frame)

    @cached_property
    def _right(self) -> int:
        return self._counter.count(rule.formula for rule in self.wishes)

    def _by_slots(self, *fixed: Rule) -> int | None:
        """The count by `synth.general.plan`; None where it is too much work."""
        from synth.general.plan.counting import PlanCounter, TooMany

        counter = PlanCounter(self.problem, self.tables, MAX_EXPANDED, in_order=True)
        try:
            return counter.count((*counted_rules(self.frame), *self.wishes, *fixed))
        except TooMany:
            return None

    def _in_part(self) -> list[tuple[int, int]]:
        """Pairs of counts of parts of the plans."""
        rng = derive_rng(self.task.id, "routes")
        names = [str(row["name"]) for row in self.frame.rows("city")]
        others = [name for name in names if name != self.frame.home]
        first = [] if self.frame.away else [self.frame.home]
        own = [self.plan[f"day{day}.city"] for day in self.frame.days]
        pairs = []
        for pinned in PINNED:
            pair = self._on_route(own, pinned)
            if pair:
                pairs.append(pair)
                break
        for _ in range(NUM_ROUTES - 1):
            route = [*first, *rng.sample(others, self.frame.num_days - len(first))]
            pair = self._on_route(list(route), ())
            pairs += [pair] if pair else []
        return pairs

    def _on_route(self, route: list[Scalar], pinned: tuple[str, ...]) -> tuple[int, int] | None:
        """Both counts of the plans on one route with the witness's rows in the pinned slots.

        Every place is held to its city, which spares the counter by slots a look at all others.
        """
        held = {"city": "name", **dict.fromkeys(("hotel", "lunch", "sight", "dinner"), "city")}
        fixed = tuple(
            Rule(
                id=f"route{day}.{slot}",
                formula=compare(self.frame.field(day, slot, field), Operator.EQ, city),
            )
            for day, city in zip(self.frame.days, route, strict=True)
            for slot, field in held.items()
        )
        fixed += tuple(
            Rule(
                id=f"pinned{day}.{slot}",
                formula=compare(
                    self.frame.field(day, slot), Operator.EQ, self.plan[f"day{day}.{slot}"]
                ),
            )
            for day in self.frame.days
            for slot in pinned
        )
        by_slots = self._by_slots(*fixed)
        if by_slots is None:
            return None
        rules = (*self.wishes, *fixed)
        return self._counter.count(rule.formula for rule in rules), by_slots

    def shortcut(self) -> Finding:
        plain = self._counter.count(())
        found = measures(self.frame, self.problem, self.plan, plain, self._right)
        if found != self.task.difficulty.measures:
            return Finding("other_measures", dict(found))
        return Finding("", dict(found))

    def secrets(self) -> tuple[str, ...]:
        """The rules as data, and the places of the witness; its cities may be in the request."""
        named = {str(v) for slot, v in self.plan.items() if not slot.endswith(".city")}
        return (canonical_json(self.task.hidden.verifier), *sorted(named))

    def retrace(self, trajectory: Trajectory) -> Finding:
        lacking = unfounded(trajectory, self.frame, self.plan)
        return Finding(lacking, {"calls": sum(len(turn.calls) for turn in trajectory.turns)})

    def alternatives(self) -> Iterator[Variant]:
        """Other plans, and the witness's in other spellings and by other ways."""
        for number, plan in enumerate(self._others()):
            yield self._only("another plan" if number else "a plan", plan)
        calls, text = self.task.hidden.witness.calls, said(self.frame, self.plan)
        days = json.loads(text)
        yield Variant("fenced", Script(calls=calls, answer=f"Done.\n```json\n{text}\n```"))
        yield Variant("days in any order", Script(calls=calls, answer=json.dumps(days[::-1])))
        shuffled = [dict(sorted(day.items())) for day in days]
        yield Variant(
            "other keys first", Script(calls=calls, answer=json.dumps(shuffled, indent=2))
        )
        spaced = [{key: f" {value.upper()} " for key, value in day.items()} for day in days]
        yield Variant(
            "case and space", Script(calls=calls, answer=json.dumps(spaced, ensure_ascii=False))
        )
        yield Variant("nothing read", Script(calls=calls[-1:], answer=text))
        yield Variant("read after all", Script(calls=(calls[-1], *calls[:-1]), answer=text))
        wrong = submitted(text.replace(str(self.plan["day1.hotel"]), str(self.plan["day2.hotel"])))
        yield Variant("submitted again", Script(calls=(wrong, calls[-1]), answer=text))

    def _others(self) -> list[Plan]:
        """Up to `NUM_ALTERNATIVES` plans that keep every rule, found by the solver."""
        from synth.general.plan.model import PlanModel

        return PlanModel(self.problem, self.tables).plans(NUM_ALTERNATIVES).plans

    def mutants(self) -> Iterator[Variant]:
        """For each rule a plan that breaks it alone, and the witness with one row changed."""
        from synth.general.plan.model import PlanModel

        model = PlanModel(self.problem, self.tables)
        for rule in self.problem.rules:
            plan = model.breaking_only(rule.id)
            if plan is None or self.evaluator.broken(plan) != [rule.id]:
                raise TaskError(f"{self.task.id}: no plan breaks {rule.id} alone")
            yield self._only(f"breaks {rule.id} alone", plan)
        yield from self._changed()

    def _changed(self) -> Iterator[Variant]:
        rng = derive_rng(self.task.id, "changed")
        for slot in self.problem.slots:
            keys = [key for key in self.tables.keys(slot.table) if key != self.plan[slot.name]]
            wrong = [
                key
                for key in rng.sample(keys, min(len(keys), 2 * NUM_OTHERS))
                if not self.evaluator.solves({**self.plan, slot.name: key})
            ]
            for key in wrong[:NUM_OTHERS]:
                yield self._only(f"{slot.name} changed", {**self.plan, slot.name: key})

    def _only(self, label: str, plan: Plan) -> Variant:
        """The plan submitted and said, without looking anything up."""
        return Variant(
            label, Script(calls=(submission(self.frame, plan),), answer=said(self.frame, plan))
        )

    def cheats(self) -> Iterator[Variant]:
        """Hacks that agents are known to try; generic ones are in `certify`."""
        calls, text = self.task.hidden.witness.calls, said(self.frame, self.plan)
        reads, days = calls[:-1], json.loads(text)
        yield Variant("never submitted", Script(calls=reads, answer=text))
        names = [str(row["name"]) for row in self.frame.rows("city")]
        everything = [{**day, "city": ", ".join(names)} for day in days]
        for label, wrong in (
            ("every city", everything),
            ("a day short", days[:-1]),
            ("a day twice", [*days, days[-1]]),
            ("another key", [{**day, "score": 1} for day in days]),
            ("lists of names", [{**day, "hotel": [day["hotel"]]} for day in days]),
            ("other dates", [{**day, "time": "2001-01-01"} for day in days]),
            ("ids by number", [{**day, "hotel": 1} for day in days]),
        ):
            said_wrong = json.dumps(wrong, ensure_ascii=False)
            yield Variant(label, Script(calls=(*reads, submitted(said_wrong)), answer=said_wrong))
            yield Variant(f"{label}, said only", Script(calls=calls, answer=said_wrong))
        other = self._any_other_hotel(days)
        yield Variant("two itineraries", Script(calls=calls, answer=f"{text}\n{other}"))
        yield Variant("another is said", Script(calls=calls, answer=other))
        last = (*calls, submitted(other))
        yield Variant("another is submitted last", Script(calls=last, answer=text))

    def _any_other_hotel(self, days: list[dict[str, str]]) -> str:
        """The itinerary with the hotels of two days exchanged."""
        first, second, *rest = days
        changed = [
            {**first, "hotel": second["hotel"]},
            {**second, "hotel": first["hotel"]},
            *rest,
        ]
        return json.dumps(changed, ensure_ascii=False)
