"""English questions: opening, sentences, and what is asked."""

from collections.abc import Iterable
from random import Random

from synth.search.query import Count, Difference, Entities, HowMany, Query, Value
from synth.search.wording.en import grammar
from synth.search.wording.en.references import References
from synth.search.wording.en.words import Words
from synth.search.wording.names import Names
from synth.search.wording.plan import Actor, Beat, Part, actors, after, beats, is_heavy, stage

WORLD = ("In this collection, ", "Going by the pages here, ", "According to this collection, ")
ALL_OPENERS = (
    "Find every {noun} in this collection that fits the following description.",
    "There is more than one answer here: find every {noun} that fits.",
    "I need a complete list of the {plural} that match these clues.",
    "More than one {noun} fits what follows, and I want them all.",
    "Which {plural} fit the description below? There are several.",
    "Make a list of every {noun} that matches this description.",
)
ALL_CLOSERS = ("Name all of them.", "List them all.", "Name every one.", "Give me the full list.")
BEST = (
    "Of all the {plural} in this collection that fit, which is the {best}?",
    "Among the {plural} here that match, which one is the {best}?",
    "Several {plural} in this collection may fit; which of them is the {best}?",
    "Which is the {best} of all the {plural} in this collection that match?",
)
BEST_SAID = (
    "Of all the {plural} in this collection that fit this description, it is the {best}.",
    "Take the {best} of all the {plural} in this collection that fit this description.",
    "If several {plural} in this collection fit, I mean the {best}.",
)


class Text(References):
    """Builds the sentences of one question."""

    def __init__(self, names: Names, rng: Random) -> None:
        super().__init__(Words(names), rng)
        self.sentences: list[str] = []
        self.said_world = False

    def say(self, sentence: str, subject: Actor | None) -> None:
        self.sentences.append(grammar.capital(sentence))
        self.settle(subject)

    def open(self, root: Actor) -> None:
        """Brings the root in, with its first group of clues where that reads well."""
        noun = self.words.noun(root.node.type)
        merged = self._first_group(root, 0.5)
        phrase = self.someone(root)
        if merged:
            phrase += f" {noun.that} {self.verb_phrases(merged, False, noun.is_person)}"
        free = [o for o in noun.openers if not (merged or root.light) or "{np}." in o]
        self.say(grammar.fill(self.rng.choice(free or noun.openers), np=phrase), root)
        self.tell(after(merged))

    def open_which(self, root: Actor) -> None:
        """Starts with the question: "Which drama from the 1950s was ... ?"."""
        noun = self.words.noun(root.node.type)
        group = self._first_group(root, 1.0)
        core = self.core(root.node.type, root.light)
        who = "Who" if noun.is_person and core == noun.singular else f"Which {core}"
        self.log.append(root)
        self.say(f"{who} {self.verb_phrases(group, False, noun.is_person)}?", root)
        self.tell(after(group))

    def open_all(self, root: Actor) -> None:
        noun = self.words.noun(root.node.type)
        opener = self.rng.choice(ALL_OPENERS)
        self.said_world = "this collection" in opener
        self.log.append(root)
        self.say(grammar.fill(opener, noun=noun.singular, plural=noun.plural), root)
        if root.light:
            phrase = grammar.article(self.core(root.node.type, root.light))
            self.say(f"the {self.labels[root]} is {phrase}.", root)

    def _first_group(self, root: Actor, chance: float) -> list[Part]:
        """Takes the first group off `root` if it can stand in the opening sentence."""
        if not root.groups or self.rng.random() >= chance:
            return []
        if any(isinstance(part.clue, Count) for part in root.groups[0]):
            return []
        return root.groups.pop(0)

    def tell(self, story: Iterable[Beat]) -> None:
        for beat in story:
            subject = self.refer(beat.actor)
            plural = subject == "they"
            person = self.words.noun(beat.actor.node.type).is_person
            self.log.append(beat.actor)
            prefix = ""
            if any(isinstance(part.clue, Count) for part in beat.parts) and not self.said_world:
                prefix, self.said_world = self.rng.choice(WORLD), True
            self.say(
                f"{prefix}{subject} {self.verb_phrases(beat.parts, plural, person)}.", beat.actor
            )

    def verb_phrases(self, parts: list[Part], plural: bool, person: bool) -> str:
        phrases = [self.predicate(part, plural, person) for part in parts]
        negative = parts[-1].clue.op == "exclude"
        if len(phrases) == 2 and not negative:
            first, second = phrases
            if first.startswith("was ") and second.startswith("was ") and not is_heavy(parts[0]):
                return f"{first} and {second.removeprefix('was ')}"
        return grammar.listed(
            phrases,
            "but" if negative and len(phrases) > 1 and parts[-2].clue.op != "exclude" else "and",
        )

    def ask_entities(self, root: Actor, many: bool, asked: bool) -> None:
        noun = self.words.noun(root.node.type)
        if root.extremes:
            self._ask_best(root)
        elif many:
            self.say(self.rng.choice(ALL_CLOSERS), root)
        elif not asked:
            self.say(self.rng.choice(noun.closers), root)

    def _best(self, root: Actor) -> str:
        return grammar.listed([self.superlative_word(extreme) for extreme in root.extremes])

    def _ask_best(self, root: Actor) -> None:
        plural = self.words.noun(root.node.type).plural
        self.said_world = True
        best = self._best(root)
        self.say(best_clause(self.rng.choice(BEST), plural, best), root)

    def settle_best(self, root: Actor) -> None:
        """Says the root's superlative as a statement, before something else is asked."""
        if root.extremes:
            self.said_world = True
            plural = self.words.noun(root.node.type).plural
            self.say(best_clause(self.rng.choice(BEST_SAID), plural, self._best(root)), root)

    def subject_of(self, root: Actor) -> str:
        return self.name(root.node.constant) if root.node.constant else self.refer(root)

    def ask_value(self, root: Actor, relation: str) -> None:
        words = self.words.attribute(relation)
        self._question(root, self.rng.choice(words.asks), in_unit=self._in_unit(relation))

    def _in_unit(self, relation: str) -> str:
        unit = self.words.unit(relation)
        return f", in {'per cent' if unit == '%' else unit}" if unit else ""

    def _question(self, root: Actor, frame: str, **slots: str) -> None:
        subject = self.subject_of(root)
        plural = subject == "they"
        frame = grammar.inflect(frame, plural)
        if plural:
            frame = frame.replace("does {x}", "do {x}").replace("was {x}", "were {x}")
        its = "their" if self.words.noun(root.node.type).is_person else "its"
        self.say(grammar.fill(frame, x=subject, its=its, **slots), root)

    def ask_how_many(self, root: Actor, ask: HowMany) -> None:
        counted = self.whole(ask.node, plural=True)
        edge = self.words.edge(ask.step)
        frame = self.rng.choice(edge.how_many)
        if not self.said_world:
            self.said_world = True
            start = self.rng.choice(WORLD)
            frame = f"{start}{frame[0].lower()}{frame[1:]}"
        self._question(root, frame, y=counted)

    def ask_difference(self, root: Actor, second: Actor, ask: Difference) -> None:
        words, others = self.words.attribute(ask.relation), self.words.attribute(ask.other)
        x, y = self.subject_of(root), self.subject_of(second)
        x = f"the {self.labels[root]}" if x in ("it", "they") else x
        y = f"the {self.labels[second]}" if y in ("it", "they") else y
        frame = self.rng.choice(words.apart)
        if ask.relation != ask.other:
            frame = f"What is the difference{{in_unit}} between the {words.noun} of {{x}} and the {others.noun} of {{y}}?"
        unit = self._in_unit(ask.relation) if not words.event else ", in years"
        self.say(grammar.fill(frame, x=x, y=y, in_unit=unit), None)


def best_clause(frame: str, plural: str, best: str) -> str:
    """Puts a superlative into a frame; "the one with the ..." brings its own noun."""
    return grammar.fill(frame, plural=plural, best=best)


def realise(query: Query, names: Names, rng: Random, num_answers: int) -> list[str]:
    """The sentences of the question."""
    text = Text(names, rng)
    root = stage(query.root, text.slot, rng)
    second = stage(query.ask.node, text.slot, rng) if isinstance(query.ask, Difference) else None
    cast = [*actors(root), *(actors(second) if second else ())]
    text.introduce(cast)
    if second:
        _tell_two(text, root, second)
    else:
        asked = _tell_one(text, root, query, num_answers > 1)
    match query.ask:
        case Entities():
            text.ask_entities(root, num_answers > 1, asked)
        case Value():
            text.settle_best(root)
            text.ask_value(root, query.ask.relation)
        case HowMany():
            text.settle_best(root)
            text.ask_how_many(root, query.ask)
        case Difference():
            assert second
            text.ask_difference(root, second, query.ask)
    if text.counted and not text.said_world:
        text.sentences.append("All counts are taken over this collection.")
    return text.sentences


def _tell_one(text: Text, root: Actor, query: Query, many: bool) -> bool:
    """Describes the root; True if the opening already asks."""
    if root.node.constant:
        return False
    asked = False
    if many:
        text.open_all(root)
    elif _may_start_asking(root, query) and text.rng.random() < 0.35:
        text.open_which(root)
        asked = True
    else:
        text.open(root)
    text.tell(beats(root))
    return asked


def _may_start_asking(root: Actor, query: Query) -> bool:
    if not isinstance(query.ask, Entities) or root.extremes or not root.groups:
        return False
    return not any(isinstance(part.clue, Count) for part in root.groups[0])


def _tell_two(text: Text, root: Actor, second: Actor) -> None:
    same = root.node.type == second.node.type
    for actor, word in ((root, "first"), (second, "second")):
        if actor.node.constant:
            continue
        if same:
            text.labels[actor] = f"{word} {text.nouns[actor]}"
        text.open(actor)
        text.tell(beats(actor))
        text.settle_best(actor)
