"""English references: what to call a thing once it has been brought in.

A pronoun is used only for the subject of the sentence before, and only if that sentence mentions
nothing else the pronoun could stand for. "That film" is used only right after the film came in, in
a sentence with no second film; "that same film" for the subject of the sentence before. Everything
else gets its full label, which is unique in the text.
"""

import re
from collections import Counter

from synth.search.query import Category, Range
from synth.search.wording.en import grammar
from synth.search.wording.en.clauses import Clauses
from synth.search.wording.figures import is_decade
from synth.search.wording.plan import Actor

ROOT_LABELS = ("{} I'm after", "{} I'm looking for")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONG_LABEL = 60


class References(Clauses):
    """Labels of all actors of a text, and the focus after each sentence."""

    labels: dict[Actor, str]
    """What the actor is called anywhere in the text; starts without an article."""
    nouns: dict[Actor, str]
    """What it is called where it can be no other."""
    many: bool = False
    """True if several things fit the root."""
    subject: Actor | None = None
    mentioned: tuple[Actor | str, ...] = ()

    def introduce(self, cast: list[Actor], distant: set[Actor], many: bool) -> None:
        """Finds a noun for every actor, and a unique label for those that need one."""
        self.many = many
        self.nouns = {actor: self._noun(actor) for actor in cast}
        self.labels = {}
        times = Counter(self.nouns.values())
        kinds = Counter(actor.node.type for actor in cast)
        for actor in cast:
            noun = self.nouns[actor]
            self.labels[actor] = noun
            if times[noun] == 1 and (actor.parent or kinds[actor.node.type] == 1):
                continue
            if word := self._own_word(actor, cast):
                self.labels[actor] = word
            elif actor.parent is None:
                self.labels[actor] = self.rng.choice(ROOT_LABELS).format(noun)
            elif actor in distant:
                self.labels[actor] = self._distinct(actor, cast)

    def _noun(self, actor: Actor) -> str:
        if actor.step:
            roles = self.words.edge(actor.step).roles
            if roles:
                return self.rng.choice(roles)
        for part in actor.light:
            if isinstance(part.clue, Category) and self.slot(part.clue) == "head":
                return self.words.attribute(part.clue.relation).heads[part.clue.value]
        return self.words.noun(actor.node.type).singular

    def _own_word(self, actor: Actor, cast: list[Actor]) -> str:
        """A short description that fits `actor` alone, e.g. "1974 film"; empty if there is none."""
        others = [other for other in cast if other is not actor]
        taken = {word for other in others for word in self._descriptors(other)}
        return next((word for word in self._descriptors(actor) if word not in taken), "")

    def _distinct(self, actor: Actor, cast: list[Actor]) -> str:
        others = [other for other in cast if other is not actor]
        if actor.step and actor.parent:
            label = self.words.edge(actor.step).label
            parent = self.labels[actor.parent]
            x = parent if actor.parent in self.tags else f"the {parent}"
            phrase = self._put(label, x=x) if label else ""
            twins = [o for o in others if o.parent is actor.parent and o.step == actor.step]
            if phrase and not twins and len(phrase) < LONG_LABEL and parent != self.nouns[actor]:
                return phrase
        self.tags[actor] = f"{self.nouns[actor]} {LETTERS[len(self.tags) % len(LETTERS)]}"
        return self.tags[actor]

    def _descriptors(self, actor: Actor) -> list[str]:
        """Short descriptions that fit the actor's first noun phrase."""
        noun, found = self.nouns[actor], []
        for part in actor.light:
            clue = part.clue
            if not isinstance(clue, Category | Range):
                continue
            words, place = self.words.attribute(clue.relation), self.slot(clue)
            if place == "head" and isinstance(clue, Category):
                found.append(words.heads[clue.value])
            elif place == "pre":
                found.append(f"{self.before(clue)} {noun}")
            elif isinstance(clue, Range) and is_decade(clue.lo, clue.hi) and words.is_year:
                found.append(f"{noun} from the {int(clue.lo or 0)}s")
        return found

    def refer(self, actor: Actor) -> str:
        """A reference to `actor` as a subject, in lower case."""
        if self.many and actor.parent is None:
            once = self.subject in (None, actor)
            return "each of them" if once else f"each {self.nouns[actor]} I want"
        person = self.words.noun(actor.node.type).is_person
        rivals = [m for m in self.mentioned if m is not actor and self._is_person(m) == person]
        continues = actor is self.subject
        clear = not rivals and not (person and self._is_below_person(actor))
        if continues and clear and self.rng.random() < (0.5 if person else 0.75):
            return "they" if person else "it"
        if actor in self.tags:
            return self.tags[actor]
        noun, label = self.nouns[actor], self.labels[actor]
        twins = [m for m in self.mentioned if m is not actor and noun in self._called(m)]
        if continues:
            if twins:
                return f"that same {noun}" if actor.parent else f"the {label}"
            return f"{self.rng.choice(('the', 'this'))} {noun}"
        if actor in self.mentioned and actor.parent:
            clear = not self._subject_is_called(noun)
            return f"{self.rng.choice(('that', 'this', 'the')) if clear else 'that'} {noun}"
        return f"the {label}"

    def one_of(self, actor: Actor, parent: str) -> str:
        """Brings an actor in as a subject: "one of the people who directed the film"."""
        assert actor.step
        edge = self.words.edge(actor.step)
        group = grammar.inflect(edge.group, plural=False)
        self.log.append(actor)
        if parent in ("it", "they") and group.endswith(" of {x}"):
            its = "its" if parent == "it" else "their"
            phrase = f"{its} {group.removeprefix('the ').removesuffix(' of {x}')}"
        else:
            active = re.match(r"the \w+ \{x\} ", group)
            phrase = self._put(group, x="them" if parent == "they" and not active else parent)
        return f"one of {phrase}{self.tagged(actor)}"

    def _subject_is_called(self, noun: str) -> bool:
        return self.subject is not None and self.nouns[self.subject] == noun

    def _called(self, mention: Actor | str) -> tuple[str, ...]:
        """The nouns that could mean what was mentioned: its type's, and its role's."""
        if isinstance(mention, str):
            return (self.words.noun(mention).singular,)
        return self.nouns[mention], self.words.noun(mention.node.type).singular

    def _is_below_person(self, actor: Actor) -> bool:
        """True if the text told of another person on its way to this one."""
        above = actor.parent
        while above and not self._is_person(above):
            above = above.parent
        return above is not None

    def _is_person(self, mention: Actor | str) -> bool:
        kind = mention if isinstance(mention, str) else mention.node.type
        return self.words.noun(kind).is_person

    def settle(self, subject: Actor | None) -> None:
        """Ends a sentence: what it mentioned is what the next one can refer to."""
        self.subject = subject
        self.mentioned = tuple(self.log)
        self.log.clear()
