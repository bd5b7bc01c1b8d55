"""Turns a grown structure into a question with one answer, then makes it as vague as it can be.

Plain clues are added until exactly the subject is left, then dropped and weakened one step at a
time; the answers are counted again after every step, and a step that lets a second one in is taken
back. What is left is irredundant: every clue excludes somebody.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from data.sources.base import ValueKind
from synth.search.kb import KnowledgeBase
from synth.search.ladders import exclusions, ladders, offsets
from synth.search.plan import AskFor, Plan
from synth.search.query import Clue, Direction, Extreme, Link, Loop, Node, without_each_clue
from synth.search.sets import SetEvaluator
from synth.search.sketch import NAME, Ladder, Light, Sketch, topic

MAX_INNER = 1500
"""A description inside the question may fit at most this many entities."""
EXCLUSIONS, COMPARISONS = 0.12, 0.12
"""Shares of plain clues that exclude a category, or compare with a well-known entity."""
MAX_LIGHTS_INNER = 2
TELLING = 0.75
"""A plain clue must leave at most this share of the candidates: a question has room for few."""
TAME_TRIES = 8
TAMING = 0.7
"""A clue that only tames must leave at most this share."""
MAX_LIST = 4
"""Longest complete list that is asked for."""
MAX_RIVALS = 12
"""Most candidates among which a superlative picks."""


class Unfit(Exception):
    """The structure makes no good question; the message is the rejection reason."""


@dataclass
class Composer:
    kb: KnowledgeBase
    sets: SetEvaluator
    rng: Random
    plan: Plan
    anchors: dict[str, tuple[str, ...]]
    """Per type, entities that may be named for comparison."""
    too_few: Callable[[Node, frozenset[str]], bool]
    """Whether the evidence of these answers lies in fewer documents than the level asks for."""
    told_little: set[tuple[int, str]] = field(default_factory=set)
    """Sketches and topics whose clue left too many."""
    initials_too: bool = False
    """The answer's own initials need no reading, so they are told only where nothing else is."""
    history: list[tuple[str, int]] = field(default_factory=list)
    """Each step taken, with the number of answers after it."""

    def compose(self, root: Sketch) -> Sketch:
        """Makes `root` identify its subject (or a short list) and no more; raises `Unfit`."""
        for sketch in reversed(list(root.walk())[1:]):
            self._tame(sketch)
        left = self._count(root)
        self.history.append(("structure", len(left)))
        if len(left) == 1 and len(root.joints) == 1:
            raise Unfit("single_clue")
        wanted = self._narrow(root, left)
        if len(wanted) > (MAX_LIST if self.plan.ask is AskFor.LIST else 1):
            raise Unfit("ambiguous")
        self._drop(root, wanted)
        # Weakening moves no fact to another page, so what is too few now stays too few.
        if self.plan.ask in (AskFor.ENTITY, AskFor.LIST) and self.too_few(root.node(), wanted):
            raise Unfit("few_documents")
        self._weaken(root, wanted)
        # `_drop` saw to the plain clues; a joint that excludes nobody would be depth for show.
        for less in without_each_clue(root.node()):
            if isinstance(less.clue, Link | Loop) and self.sets.members(less.node) == wanted:
                raise Unfit("redundant_clue")
        return root

    def _count(self, root: Sketch) -> frozenset[str]:
        left = self.sets.members(root.node())
        # Without one of its clues a superlative may pick somebody else.
        assert root.last or root.entity in left, "a clue does not hold of its entity"
        return left

    def _tame(self, sketch: Sketch) -> None:
        """Describes an inner entity until few enough fit; from the far ends inwards."""
        for _ in range(TAME_TRIES):
            width = self._width(sketch)
            if width <= MAX_INNER:
                return
            ladder = self._propose(sketch, frozenset())
            if ladder is None or len(sketch.lights) >= MAX_LIGHTS_INNER:
                break
            light = Light(ladder, min(self.plan.start_rung, len(ladder) - 1))
            sketch.lights.append(light)
            if self._width(sketch) > width * TAMING:
                sketch.lights.remove(light)
        raise Unfit("too_wide")

    def _width(self, sketch: Sketch) -> int:
        return 1 if sketch.named else len(self.sets.members(sketch.node()))

    def _narrow(self, root: Sketch, left: frozenset[str]) -> frozenset[str]:
        """Adds clues, each of which excludes somebody, until one or a short list is left."""
        goal = self.rng.randint(2, MAX_LIST) if self.plan.ask is AskFor.LIST else 1
        spent: set[int] = set()
        while len(left) > goal:
            if self.plan.extreme and len(left) <= MAX_RIVALS and self._extreme(root, left):
                return self._count(root)
            open_nodes = [sketch for sketch in root.walk() if not sketch.named]
            if sum(len(sketch.lights) for sketch in open_nodes) >= self.plan.max_lights:
                raise Unfit("too_many_clues")
            inner = [
                sketch
                for sketch in open_nodes[1:]
                if len(sketch.lights) < MAX_LIGHTS_INNER and id(sketch) not in spent
            ]
            if id(root) in spent and not inner:
                if self.initials_too:
                    break
                self.initials_too = True
                spent.discard(id(root))
            use_inner = inner and (id(root) in spent or self.rng.random() < 0.5)
            sketch = self.rng.choice(inner) if use_inner else root
            now = self._add(root, sketch, left)
            if now is None:
                spent.add(id(sketch))
            left = now or left
        return left

    def _add(self, root: Sketch, sketch: Sketch, left: frozenset[str]) -> frozenset[str] | None:
        """Candidates left after one more clue on `sketch`; None when there is none to try."""
        ladder = self._propose(sketch, left if sketch is root else frozenset())
        if ladder is None:
            return None
        light = Light(ladder, min(self.plan.start_rung, len(ladder) - 1))
        sketch.lights.append(light)
        # `left` satisfies the rest already: the clue can only narrow its own part.
        told = Node(type=root.type, clues=(_changed(root, sketch, light),))
        now = self.sets.among(left, told)
        if len(now) > len(left) * TELLING:
            sketch.lights.remove(light)
            self.told_little.add((id(sketch), light.topic))
            return left
        self.history.append((f"add {light.topic}", len(now)))
        return now

    def _propose(self, sketch: Sketch, rivals: frozenset[str]) -> Ladder | None:
        said = {light.topic for light in sketch.lights}
        said |= {topic(joint.clue()) for joint in sketch.joints}
        said |= {about for known, about in self.told_little if known == id(sketch)}
        if rivals and self.plan.level > 1 and not self.initials_too:
            said.add(NAME)
        for source in self._sources(sketch, rivals):
            for ladder in source:
                if topic(ladder[0]) not in said:
                    return ladder
        return None

    def _sources(self, sketch: Sketch, rivals: frozenset[str]) -> Iterator[Iterator[Ladder]]:
        """Now and then a comparison or an exclusion first; then what the entity offers."""
        roll = self.rng.random()
        if roll < EXCLUSIONS and rivals:
            yield exclusions(self.kb, sketch.entity, sketch.type, rivals, self.rng)
        elif roll < EXCLUSIONS + COMPARISONS and self.anchors.get(sketch.type):
            anchor = self.rng.choice(self.anchors[sketch.type])
            if anchor != sketch.entity:
                yield offsets(self.kb, sketch.entity, sketch.type, anchor, self.rng)
        yield ladders(self.kb, sketch.entity, sketch.type, self.rng)

    def _too_wide(self, root: Sketch) -> bool:
        return any(self._width(sketch) > MAX_INNER for sketch in list(root.walk())[1:])

    def _extreme(self, root: Sketch, left: frozenset[str]) -> bool:
        """Ends the question in a superlative if the subject is one among `left`."""
        relations = [
            relation
            for relation in self.kb.literals_of.get(root.type, ())
            if relation.functional and relation.value in (ValueKind.YEAR, ValueKind.NUMBER)
        ]
        self.rng.shuffle(relations)
        for relation in relations:
            values = {x: self.kb.value(x, relation.name) for x in left}
            if any(value is None for value in values.values()):
                continue
            numbers = {x: float(value) for x, value in values.items() if value is not None}
            mine = numbers.pop(root.entity)
            for direction, wins in (
                (Direction.MOST, mine > max(numbers.values())),
                (Direction.LEAST, mine < min(numbers.values())),
            ):
                if wins:
                    root.last = [Extreme(relation=relation.name, direction=direction)]
                    self.history.append((f"extreme {relation.name}", 1))
                    return True
        return False

    def _drop(self, root: Sketch, wanted: frozenset[str]) -> None:
        """Removes every plain clue that the answer does not need."""
        lights = [(s, light) for s in root.walk() for light in s.lights if not _pins(s)]
        self.rng.shuffle(lights)
        for sketch, light in lights:
            sketch.lights.remove(light)
            if self._count(root) != wanted or self._too_wide(root):
                sketch.lights.append(light)
            else:
                self.history.append((f"drop {light.topic}", len(wanted)))

    def _weaken(self, root: Sketch, wanted: frozenset[str]) -> None:
        """Steps clues down their ladders while the answers stay the same."""
        steps_left = self.plan.num_weakenings
        lights = [light for sketch in root.walk() for light in sketch.lights]
        self.rng.shuffle(lights)
        for light in lights:
            while steps_left and light.rung + 1 < len(light.ladder):
                light.rung += 1
                if self._count(root) != wanted or self._too_wide(root):
                    light.rung -= 1
                    break
                steps_left -= 1
                self.history.append((f"weaken {light.topic}", len(wanted)))


def _changed(root: Sketch, sketch: Sketch, light: Light) -> Clue:
    """The clue of `root` that holds `light`, which is told of `sketch`."""
    if sketch is root:
        return light.clue
    return next(
        joint.clue()
        for joint in root.joints
        if any(below is sketch for below in joint.child.walk())
    )


def _pins(sketch: Sketch) -> bool:
    """True for a walk's end that a proper name pins: the name replaces naming the entity."""
    return not sketch.joints
