"""Chinese references: what to call a thing once it has been brought in.

A short anaphor or pronoun is used only for the subject of the sentence before, and only if that
sentence mentions nothing else of the same sort. "This film" is used only right after the film came
in, in a sentence with no second film. Everything else gets its full label, unique in the text.
"""

from collections import Counter

from synth.search.query import Category, Range
from synth.search.wording.plan import Actor
from synth.search.wording.zh import values
from synth.search.wording.zh.clauses import Clauses

STEMS = "甲乙丙丁戊己庚辛壬癸"


class References(Clauses):
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
                self.labels[actor] = f"这{self._measure(actor)}{noun}"
            elif actor.parent is None:
                self.labels[actor] = f"{self.rng.choice(('我要找的', '所求的', '要找的'))}{noun}"
            else:
                self.labels[actor] = self._distinct(actor, cast)

    def _measure(self, actor: Actor) -> str:
        return self.words.noun(actor.node.type).measure

    def _noun(self, actor: Actor) -> str:
        if actor.step:
            roles = self.words.edge(actor.step).roles
            if roles:
                return self.rng.choice(roles)
        return self.words.noun(actor.node.type).word

    def _distinct(self, actor: Actor, cast: list[Actor]) -> str:
        others = [other for other in cast if other is not actor]
        taken = {word for other in others for word in self._descriptors(other)}
        for word in self._descriptors(actor):
            if word not in taken:
                return f"那{self._measure(actor)}{word}"
        rivals = [o for o in others if self.nouns[o] == self.nouns[actor]]
        if len(rivals) == 1 and rivals[0].parent is None:
            return f"那{self._measure(actor)}{self.nouns[actor]}"
        self.tags[actor] = f"{self.nouns[actor]}{STEMS[len(self.tags) % len(STEMS)]}"
        return self.tags[actor]

    def _descriptors(self, actor: Actor) -> list[str]:
        """Short descriptions that fit the actor's first noun phrase."""
        noun, found = self.nouns[actor], []
        for part in actor.light:
            clue = part.clue
            words = (
                self.words.attribute(clue.relation) if isinstance(clue, Category | Range) else None
            )
            if isinstance(clue, Category) and words:
                value = self.words.value(clue.relation, clue.value)
                found.append(value if clue.value in words.heads else f"{value.strip()}{noun}")
            elif isinstance(clue, Range) and clue.lo is not None:
                if clue.lo == clue.hi:
                    found.append(f"{int(clue.lo)}年的{noun}")
                elif values.is_decade(clue.lo, clue.hi):
                    found.append(f"{values.decade(int(clue.lo))}的{noun}")
        return found

    def refer(self, actor: Actor) -> str:
        """A reference to `actor` as a subject."""
        noun = self.words.noun(actor.node.type)
        rivals = [
            m for m in self.mentioned if m is not actor and self._is_person(m) == noun.is_person
        ]
        if actor is self.subject and not rivals and self.rng.random() < 0.7:
            return "此人" if noun.is_person else self.rng.choice(("它", noun.short or "它"))
        if actor in self.mentioned and actor is not self.subject and actor not in self.tags:
            same = [m for m in self._all() if m is not actor and self._kind(m) == actor.node.type]
            if not same or self.nouns[actor] != noun.word:
                return f"{self.rng.choice(('这', '这', '该'))}{noun.measure}{self.nouns[actor]}".replace(
                    f"该{noun.measure}", "该"
                )
        return self.labels[actor]

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
