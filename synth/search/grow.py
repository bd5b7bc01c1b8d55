"""Grows the structure of a question: a typed random walk through true facts from its subject.

Every walk starts at the answer, so what is grown holds of it; whether it holds of nothing else is
for the author to count. Walks end in entities that are named in the question, or in a proper name.
"""

from collections.abc import Callable
from random import Random

from data.sources.base import ValueKind
from synth.search.kb import KnowledgeBase
from synth.search.plan import Plan
from synth.search.query import Category, Step
from synth.search.sketch import Joint, Light, Sketch

MIN_FAN = 2
MAX_FAN = 80
"""How many entities one hop back may reach: fewer would be a single identifying clue, more would
be a list that nobody reads to the end."""
TRIES = 6
HARD_STEP_WEIGHT = 0.12
"""Weight of steps whose far page does not name the near entity: it must be found by searching."""


FoundBy = Callable[[str, str], bool]
"""Whether searching for the second entity's name brings up the first one's page."""


class DeadEnd(Exception):
    """The walk found no way on; the caller draws another subject."""


class Grower:
    def __init__(
        self, kb: KnowledgeBase, nameable: frozenset[str], found_by: FoundBy, rng: Random
    ) -> None:
        self.kb = kb
        self.nameable = nameable
        self.found_by = found_by
        self.rng = rng
        self.used: set[str] = set()
        self.loop = False

    def grow(self, subject: str, plan: Plan) -> Sketch:
        """The structure of a question about `subject`; raises `DeadEnd`."""
        self.used = {subject}
        root = Sketch(subject, self.kb.entities[subject].type)
        depths = [plan.depth]
        depths += [self.rng.randint(1, min(plan.depth, 2)) for _ in range(plan.breadth - 1)]
        self.loop = plan.loop
        for number, depth in enumerate(depths):
            root.joints.append(self._joint(root, depth, plan.double and number == 0))
        return root

    def _extend(self, sketch: Sketch, depth: int) -> None:
        """Describes `sketch` by a walk of `depth` more hops, or names it at depth 0."""
        if depth == 0:
            if sketch.entity not in self.nameable:
                raise DeadEnd
            sketch.named = True
            return
        if depth == 1 and self.rng.random() < 0.5 and self._proper_name(sketch):
            return
        sketch.joints.append(self._joint(sketch, depth))

    def _joint(self, sketch: Sketch, depth: int, double: bool = False) -> Joint:
        for _ in range(TRIES):
            # A loop leads to a named entity: two walks from a crowd would be a chore to follow.
            loop = self.loop and depth == 1
            found = self._loop(sketch) if loop else self._pair(sketch, double)
            if found is None:
                continue
            steps, far = found
            child = Sketch(far, self.kb.entities[far].type)
            self.used.add(far)
            try:
                self._extend(child, depth - 1)
            except DeadEnd:
                self.used.discard(far)
                continue
            self.loop = self.loop and not loop
            return Joint(steps, child, loop)
        raise DeadEnd

    def _pair(self, sketch: Sketch, double: bool) -> tuple[tuple[Step, ...], str] | None:
        step = self._step(sketch.type)
        far = self._fresh(self.kb.neighbours(sketch.entity, step))
        if far is None:
            return None
        if double:
            others = [
                other
                for other in self.kb.steps_from[sketch.type]
                if other != step and far in self.kb.neighbours(sketch.entity, other)
            ]
            if not others:
                return None
            return (step, self.rng.choice(others)), far
        back = Step(relation=step.relation, inverse=not step.inverse)
        if not MIN_FAN <= len(self.kb.neighbours(far, back)) <= MAX_FAN:
            return None
        if not discoverable(self.kb, step) and not self.found_by(sketch.entity, far):
            return None
        return (step,), far

    def _step(self, type_: str) -> Step:
        steps = self.kb.steps_from.get(type_, ())
        if not steps:
            raise DeadEnd
        weights = [1.0 if discoverable(self.kb, step) else HARD_STEP_WEIGHT for step in steps]
        return self.rng.choices(steps, weights=weights)[0]

    def _fresh(self, entities: list[str]) -> str | None:
        fresh = [entity for entity in entities if entity not in self.used]
        return self.rng.choice(fresh) if fresh else None

    def _loop(self, sketch: Sketch) -> tuple[tuple[Step, ...], str] | None:
        """Someone reached by the same two steps over at least two different middles."""
        first = self._step(sketch.type)
        if not discoverable(self.kb, first):
            return None
        second = Step(relation=first.relation, inverse=not first.inverse)
        middle = self._fresh(self.kb.neighbours(sketch.entity, first))
        if middle is None:
            return None
        far = self._fresh(self.kb.neighbours(middle, second))
        if far is None:
            return None
        back = Step(relation=second.relation, inverse=not second.inverse)
        shared = set(self.kb.neighbours(sketch.entity, first))
        shared.intersection_update(self.kb.neighbours(far, back))
        return ((first, second), far) if len(shared) >= 2 else None

    def _proper_name(self, sketch: Sketch) -> bool:
        """Pins `sketch` by a proper name on its page, e.g. a country by its capital."""
        own = self.kb.entities[sketch.entity].name.casefold()
        choices = []
        for relation in self.kb.literals_of.get(sketch.type, ()):
            values = self.kb.forward[relation.name].get(sketch.entity)
            if relation.value is ValueKind.NAME and values and len(str(values[0])) >= 4:
                name = str(values[0])
                overlap = own in name.casefold() or name.casefold() in own
                if not overlap and len(self.kb.with_value(relation.name, name)) == 1:
                    choices.append(Category(relation=relation.name, value=name))
        if not choices:
            return False
        sketch.lights.append(Light((self.rng.choice(choices),)))
        return True


def discoverable(kb: KnowledgeBase, step: Step) -> bool:
    """True if the far entity's page names the near one, so that reading leads from it to there."""
    return kb.relations[step.relation].mutual or step.inverse
