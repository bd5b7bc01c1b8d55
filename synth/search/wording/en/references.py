"""English references: what to call a thing once it has been brought in.

A pronoun is used only for the subject of the sentence before, and only if that sentence mentions
nothing else the pronoun could stand for. "That film" is used only right after the film came in, in
a sentence with no second film. Everything else gets its full label, which is unique in the text.
"""

from collections import Counter

from synth.search.query import Category, Range
from synth.search.wording.en import grammar, values
from synth.search.wording.en.clauses import Clauses
from synth.search.wording.plan import Actor

ROOT_LABELS = ("{} I'm after", "{} I'm looking for", "{} I have in mind", "{} to be found")


class References(Clauses):
    """Labels of all actors of a text, and the focus after each sentence."""

    labels: dict[Actor, str]
    nouns: dict[Actor, str]
    subject: Actor | None = None
    mentioned: tuple[Actor | str, ...] = ()

    def introduce(self, cast: list[Actor]) -> None:
        """Finds a noun and a unique label for every actor, in order of appearance."""
        self.nouns = {actor: self._noun(actor) for actor in cast}
        self.labels = {}
        times = Counter(self.nouns.values())
        for actor in cast:
            noun = self.nouns[actor]
            if times[noun] == 1:
                self.labels[actor] = noun
            elif actor.parent is None:
                self.labels[actor] = self.rng.choice(ROOT_LABELS).format(noun)
            else:
                self.labels[actor] = self._distinct(actor, cast)

    def _noun(self, actor: Actor) -> str:
        if actor.step:
            roles = self.words.edge(actor.step).roles
            if roles:
                return self.rng.choice(roles)
        return self.words.noun(actor.node.type).singular

    def _distinct(self, actor: Actor, cast: list[Actor]) -> str:
        others = [other for other in cast if other is not actor]
        taken = {word for other in others for word in self._descriptors(other)}
        for word in self._descriptors(actor):
            if word not in taken:
                return word
        if actor.step and actor.parent:
            label = self.words.edge(actor.step).label
            phrase = grammar.fill(label, x=f"the {self.labels[actor.parent]}") if label else ""
            twins = [o for o in others if o.parent is actor.parent and o.step == actor.step]
            if phrase and not twins and len(phrase) < 60:
                return phrase
        letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[len(self.tags) % 26]
        self.tags[actor] = f"{self.nouns[actor]} {letter}"
        return self.tags[actor]

    def _descriptors(self, actor: Actor) -> list[str]:
        """Short descriptions that fit the actor's first noun phrase."""
        noun, found = self.nouns[actor], []
        for part in actor.light:
            clue = part.clue
            if self.slot(clue) == "head" and isinstance(clue, Category):
                found.append(self.words.attribute(clue.relation).heads[clue.value])
            elif self.slot(clue) == "pre":
                found.append(f"{self._pre(clue)} {noun}")
            elif isinstance(clue, Range) and values.is_decade(clue.lo, clue.hi):
                assert clue.lo is not None
                if self.words.attribute(clue.relation).event:
                    found.append(f"{noun} from the {int(clue.lo)}s")
        return found

    def refer(self, actor: Actor) -> str:
        """A reference to `actor` as a subject, in lower case."""
        person = self.words.noun(actor.node.type).is_person
        rivals = [m for m in self.mentioned if m is not actor and self._is_person(m) == person]
        if actor is self.subject and not rivals and self.rng.random() < (0.4 if person else 0.75):
            return "they" if person else "it"
        label = self.labels[actor]
        if actor in self.mentioned and actor is not self.subject and not self.tags.get(actor):
            noun = self.nouns[actor]
            same = [m for m in self._all() if m is not actor and self._kind(m) == actor.node.type]
            word = noun if not same or noun != self.words.noun(actor.node.type).singular else label
            return (
                f"{self.rng.choice(('that', 'this', 'the'))} {word}"
                if word == noun
                else f"the {word}"
            )
        return label if actor in self.tags else f"the {label}"

    def _all(self) -> list[Actor | str]:
        return [*self.mentioned, *([self.subject] if self.subject else [])]

    def _kind(self, mention: Actor | str) -> str:
        return mention if isinstance(mention, str) else mention.node.type

    def _is_person(self, mention: Actor | str) -> bool:
        return self.words.noun(self._kind(mention)).is_person

    def settle(self, subject: Actor | None) -> None:
        """Ends a sentence: what it mentioned is what the next one can refer to."""
        self.subject = subject
        self.mentioned = tuple(self.log)
        self.log.clear()
