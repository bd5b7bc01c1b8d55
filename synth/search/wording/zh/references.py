"""Chinese references: what to call a thing once it has been brought in.

A short anaphor or pronoun is used only for the subject of the sentence before, and only if that
sentence mentions nothing else of the same sort. "This film" is used only right after the film came
in, in a sentence with no second film. Everything else gets its full label, unique in the text.
"""

from collections import Counter

from synth.search.query import Category, Range
from synth.search.wording.figures import is_decade
from synth.search.wording.plan import Actor
from synth.search.wording.zh import values
from synth.search.wording.zh.clauses import Clauses, bare, fill

STEMS = "甲乙丙丁戊己庚辛壬癸"


class References(Clauses):
    labels: dict[Actor, str]
    many: bool = False
    """True if several things fit the root."""
    brief: bool = False
    """True if the text says "gai pian" rather than "zhe bu yingpian" throughout."""
    subject: Actor | None = None
    mentioned: tuple[Actor | str, ...] = ()

    def introduce(self, cast: list[Actor], distant: set[Actor], many: bool) -> None:
        """Finds a noun for every actor, and a unique label for those that need one."""
        self.many = many
        self.brief = self.rng.random() < 0.4
        self.nouns = {actor: self._noun(actor) for actor in cast}
        self.labels = {}
        times = Counter(self.nouns.values())
        kinds = Counter(actor.node.type for actor in cast)
        for actor in cast:
            noun = self.nouns[actor]
            self.labels[actor] = f"这{self._measure(actor)}{noun}"
            if times[noun] == 1 and (actor.parent or kinds[actor.node.type] == 1):
                continue
            if actor.parent is None:
                own = f"每一{self._measure(actor)}" if many else "我要找的"
                self.labels[actor] = f"{own}{noun}"
            elif actor in distant:
                self.labels[actor] = self._distinct(actor, cast)

    def _measure(self, actor: Actor) -> str:
        return self.words.noun(actor.node.type).measure

    def _noun(self, actor: Actor) -> str:
        if actor.step:
            roles = self.words.edge(actor.step).roles
            if roles:
                return self.rng.choice(roles)
        for part in actor.light:
            if isinstance(part.clue, Category) and self.slot(part.clue) == "head":
                return self.words.attribute(part.clue.relation).heads[part.clue.value]
        return self.words.noun(actor.node.type).word

    def _distinct(self, actor: Actor, cast: list[Actor]) -> str:
        others = [other for other in cast if other is not actor]
        taken = {word for other in others for word in self._descriptors(other)}
        for word in self._descriptors(actor):
            if word not in taken:
                return f"那{self._measure(actor)}{word}"
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
                elif is_decade(clue.lo, clue.hi):
                    found.append(f"{values.decade(int(clue.lo))}的{noun}")
        return found

    def refer(self, actor: Actor) -> str:
        """A reference to `actor` as a subject."""
        noun = self.words.noun(actor.node.type)
        if self.many and actor.parent is None:
            return f"每一{noun.measure}{self.nouns[actor]}"
        rivals = [
            m for m in self.mentioned if m is not actor and self._is_person(m) == noun.is_person
        ]
        continues = actor is self.subject
        named = noun.is_person and actor.parent is not None and self.nouns[actor] != noun.word
        if continues and not rivals and not named and self.rng.random() < 0.7:
            if noun.is_person:
                return "此人"
            return noun.short if self.brief and noun.short else "它"
        if actor in self.tags:
            return self.tags[actor]
        word, measure = self.nouns[actor], self._measure(actor)
        twins = [m for m in self.mentioned if m is not actor and word in self._called(m)]
        fresh = actor in self.mentioned and not continues and actor.parent is not None
        if fresh and twins:
            return f"那{measure}{word}"
        if fresh or (continues and not twins):
            own = self.brief and word == noun.word
            return noun.short if own and noun.short else f"这{measure}{word}"
        if continues and actor.parent:
            return f"上述{word}"
        return self.labels[actor]

    def one_of(self, actor: Actor, parent: str) -> str:
        """Brings an actor in as a subject: "one of the films directed by ..."."""
        assert actor.step
        edge = self.words.edge(actor.step)
        if edge.roles:
            return f"{parent}的{self.one(actor)}"
        self.log.append(actor)
        noun = self.words.noun(actor.node.type)
        one = f"一{noun.measure}{noun.word}{self.tagged(actor)}"
        said = bare(fill(self.rng.choice(edge.says), y=one))
        return f"{parent}{said}，{self.again(actor)}"

    def _called(self, mention: Actor | str) -> tuple[str, ...]:
        """The nouns that could mean what was mentioned: its type's, and its role's."""
        if isinstance(mention, str):
            return (self.words.noun(mention).word,)
        return self.nouns[mention], self.words.noun(mention.node.type).word

    def _is_person(self, mention: Actor | str) -> bool:
        kind = mention if isinstance(mention, str) else mention.node.type
        return self.words.noun(kind).is_person

    def settle(self, subject: Actor | None) -> None:
        """Ends a sentence: what it mentioned is what the next one can refer to."""
        self._among = False
        self.subject = subject
        self.mentioned = tuple(self.log)
        self.log.clear()
