"""English questions: opening, sentences, and what is asked."""

import re
from collections.abc import Iterable
from random import Random

from synth.search.query import Count, Difference, Entities, Extreme, HowMany, Query, Value, nodes
from synth.search.wording.en import grammar
from synth.search.wording.en.clauses import LONG, joint
from synth.search.wording.en.references import References
from synth.search.wording.en.words import Words
from synth.search.wording.names import Names
from synth.search.wording.plan import (
    Actor,
    Beat,
    Part,
    actors,
    after,
    beats,
    distant,
    is_heavy,
    stage,
    starts_from_child,
)

WORLD = ("In this collection, ", "According to this collection, ")
ALL_OPENERS = (
    "In this collection, find every {noun} {that} fits the following description.",
    "There is more than one answer here: find every {noun} {that} fits.",
    "I need a complete list of the {plural} {that} match these clues.",
    "I'm looking for several {plural} this time, and I want them all.",
    "Which {plural} fit these clues? There are several.",
    "Help me put together a list of the {plural} {that} match these clues.",
)
ALL_CLOSERS = ("Name all of them.", "List them all.", "Name every one.", "Give me the full list.")
BEST = (
    "Of all the {plural} in this collection that fit, which one {best}?",
    "Among the {plural} in this collection that match, which {best}?",
    "Several {plural} in this collection may fit; which of them {best}?",
    "Which of all the matching {plural} in this collection {best}?",
)
BEST_SAID = (
    "Of all the {plural} in this collection that fit this description, it {best}.",
    "Among all the {plural} in this collection that match so far, it is the one that {best}.",
    "If several {plural} in this collection fit, I mean the one that {best}.",
)
REQUESTS = (
    ("name", "."),
    ("identify", "."),
    ("find", "."),
    ("tell me the {name} of", "."),
    ("give me the {name} of", "."),
    ("can you name", "?"),
    ("do you know the {name} of", "?"),
    ("what is the {name} of", "?"),
    ("please identify", "."),
    ("remind me of the {name} of", "."),
    ("pick out", "."),
    ("see if you can name", "."),
    ("help me find", "."),
)
"""Ways to ask before anything is said, and the mark at the end of the sentence."""
LEAD_INS = (
    "",
    "",
    "",
    "Quick question: ",
    "A tricky one: ",
    "One for the experts: ",
    "Quiz time: ",
)
FIRST = ("First, take {np}.", "Consider {np}.", "Take {np}.", "Start with {np}.")
SECOND = ("Then there is {np}.", "Next, consider {np}.", "Now take {np}.", "Compare it with {np}.")


class Text(References):
    """Builds the sentences of one question."""

    def __init__(self, names: Names, rng: Random) -> None:
        super().__init__(Words(names), rng)
        self.sentences: list[str] = []

    def say(self, sentence: str, subject: Actor | None) -> None:
        if sentence.endswith(".."):
            sentence = sentence[:-1]
        self.sentences.append(grammar.capital(sentence))
        self.settle(subject)

    def open(self, root: Actor, openers: tuple[str, ...] = ()) -> None:
        """Brings the root in, with its first group of clues where that reads well."""
        noun = self.words.noun(root.node.type)
        merged = self._first_group(root, 1.0 if root.is_bare or len(root.groups) == 1 else 0.6)
        if merged:
            core = self._root_core(root)
            phrase = self._single(core, root.node.type, "someone", grammar.article(core))
            if len(merged) == 1:
                relative = self.relatives(merged, root.node.type, root.light)
            else:
                relative = f"{noun.that} {self.verb_phrases(merged, False, noun.is_person)}"
            phrase += joint(phrase) + relative
            self.log.append(root)
        else:
            phrase = self.someone(root)
        fitting = [o for o in openers or noun.openers if o.endswith("{np}.") or len(phrase) < LONG]
        self.say(grammar.fill(self.rng.choice(fitting), np=phrase, name=noun.name), root)
        self.tell(after(merged))

    def _root_core(self, root: Actor) -> str:
        core = self.core(root.node.type, root.light)
        if self.rng.random() < 0.4:
            return core.replace(" with the initials ", " whose initials are ", 1)
        return core

    def open_which(self, root: Actor) -> None:
        """Starts with the question: "Which drama from the 1950s was ... ?"."""
        noun = self.words.noun(root.node.type)
        core = self._root_core(root)
        who = "who" if noun.is_person and core == noun.singular else f"which {core}"
        self._say_first(root, f"{self.rng.choice(LEAD_INS)}{who}", "?")

    def open_name(self, root: Actor) -> None:
        """Starts with the request: "Name the drama from the 1950s that was ..."."""
        noun = self.words.noun(root.node.type)
        core = self._root_core(root)
        request, mark = self.rng.choice(REQUESTS)
        start = f"{grammar.fill(request, name=noun.name)} the {core}{joint(core)}{noun.that}"
        self._say_first(root, start, mark)

    def open_plainly(self, root: Actor) -> None:
        """Starts with the first clues: "A drama from the 1950s was ..."."""
        core = self._root_core(root)
        phrase = self._single(core, root.node.type, "someone", grammar.article(core))
        self._say_first(root, phrase, ".")

    def _say_first(self, root: Actor, start: str, mark: str) -> None:
        person = self.words.noun(root.node.type).is_person
        group = root.groups.pop(0)
        self.log.append(root)
        self.say(f"{start} {self.verb_phrases(group, plural=False, person=person)}{mark}", root)
        self.tell(after(group))

    def open_all(self, root: Actor) -> None:
        """Asks for every answer; what follows describes one of them."""
        noun = self.core(root.node.type, root.light)
        plural = self.core(root.node.type, root.light, plural=True)
        opener = self.rng.choice(ALL_OPENERS)
        self.said_world = "this collection" in opener
        that = self.words.noun(root.node.type).that
        self.say(grammar.fill(opener, noun=noun, plural=plural, that=that), None)

    def _first_group(self, root: Actor, chance: float) -> list[Part]:
        """Takes the first group off `root` if it can stand in the opening sentence."""
        if not may_open(root) or self.rng.random() >= chance:
            return []
        return root.groups.pop(0)

    def tell(self, story: Iterable[Beat]) -> None:
        for beat in story:
            parent = beat.actor.parent
            person = self.words.noun(beat.actor.node.type).is_person
            if beat.first and parent:
                subject = self.one_of(beat.actor, self.refer(parent))
                self.log.append(parent)
            else:
                subject = self.refer(beat.actor)
                self.log.append(beat.actor)
            world = self._world(beat.parts)
            phrases = self.verb_phrases(beat.parts, subject == "they", person)
            self.say(f"{world}{subject} {phrases}.", beat.actor)

    def _world(self, parts: list[Part]) -> str:
        """Says once, at the first count, what is counted over."""
        if self.said_world or not any(isinstance(part.clue, Count) for part in parts):
            return ""
        self.said_world = True
        return self.rng.choice(WORLD)

    def verb_phrases(self, parts: list[Part], plural: bool, person: bool) -> str:
        phrases = [self.predicate(part, plural, person) for part in parts]
        excluded = [part.clue.op == "exclude" for part in parts]
        if len(parts) > 1 and excluded[-1] and not excluded[-2]:
            return grammar.listed(phrases, "but")
        if len(phrases) == 2 and not excluded[-1] and not is_heavy(parts[0]):
            first, second = phrases
            if first.startswith("was ") and second.startswith("was "):
                return f"{first} and {second.removeprefix('was ')}"
        return grammar.listed(phrases)

    def ask_entities(self, root: Actor, many: bool, asked: bool) -> None:
        if root.extremes and not many:
            self._say_best(root, BEST)
            return
        self.settle_best(root)
        if many:
            self.say(self.rng.choice(ALL_CLOSERS), root)
        elif not asked:
            self.say(self.rng.choice(self.words.noun(root.node.type).closers), root)

    def settle_best(self, root: Actor) -> None:
        """Says the root's superlative as a statement, before something else is asked."""
        if root.extremes:
            self._say_best(root, BEST_SAID)

    def _say_best(self, root: Actor, frames: tuple[str, ...]) -> None:
        plural = self.words.noun(root.node.type).plural
        best = grammar.listed([self.best(extreme) for extreme in root.extremes])
        self.said_world = True
        self.log.append(root)
        self.say(grammar.fill(self.rng.choice(frames), plural=plural, best=best), root)

    def subject_of(self, root: Actor) -> str:
        return self.name(root.node.constant) if root.node.constant else self.refer(root)

    def ask_value(self, root: Actor, relation: str) -> None:
        frame = self.rng.choice(self.words.attribute(relation).asks)
        self._question(root, frame, in_unit=self._in_unit(relation))

    def _in_unit(self, relation: str) -> str:
        words, unit = self.words.attribute(relation), self.words.unit(relation)
        return f", in {unit}" if unit and unit != "%" and not words.counted else ""

    def _question(self, root: Actor, frame: str, **slots: str) -> None:
        subject = self.subject_of(root)
        plural = subject == "they"
        frame = grammar.inflect(frame, plural)
        if subject in ("it", "they"):
            its = "its" if subject == "it" else "their"
            frame = re.sub(r"\b[Tt]he ([\w ]+) of \{x\}", rf"{its} \1", frame)
        if plural:
            frame = frame.replace("does {x}", "do {x}").replace("was {x}", "were {x}")
        its = "their" if self.words.noun(root.node.type).is_person else "its"
        self.say(grammar.fill(frame, x=subject, its=its, **slots), root)

    def ask_how_many(self, root: Actor, ask: HowMany) -> None:
        counted = self.whole(ask.node, plural=True)
        frame = self.rng.choice(self.words.edge(ask.step).how_many)
        if not self.said_world:
            self.said_world = True
            frame = f"{self.rng.choice(WORLD)}{frame[0].lower()}{frame[1:]}"
        self._question(root, frame, y=counted)

    def ask_difference(self, root: Actor, second: Actor, ask: Difference) -> None:
        words, others = self.words.attribute(ask.relation), self.words.attribute(ask.other)
        x, y = self._full(root), self._full(second)
        if ask.relation == ask.other and words.apart:
            frame = self.rng.choice(words.apart)
        else:
            frame = f"What is the difference between the {words.noun} of {{x}} and the {others.noun} of {{y}}{{in_unit}}?"
        unit = ", in years" if words.is_year else self._in_unit(ask.relation)
        self.say(grammar.fill(frame, x=x, y=y, in_unit=unit), None)

    def _full(self, actor: Actor) -> str:
        return (
            self.name(actor.node.constant) if actor.node.constant else f"the {self.labels[actor]}"
        )


def may_open(root: Actor) -> bool:
    """True if the root's first group can stand in the opening sentence."""
    return bool(root.groups) and not starts_from_child(root.groups[0])


def realise(query: Query, names: Names, rng: Random, num_answers: int) -> list[str]:
    """The sentences of the question."""
    text = Text(names, rng)
    text.said_world = any(isinstance(clue, Extreme) for node in nodes(query) for clue in node.clues)
    root = stage(query.root, text.slot, rng)
    second = stage(query.ask.node, text.slot, rng) if isinstance(query.ask, Difference) else None
    roots = [actor for actor in (root, second) if actor]
    text.introduce(
        [actor for top in roots for actor in actors(top)],
        {actor for top in roots for actor in distant(top)},
        num_answers > 1,
    )
    asked = False
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
    return text.sentences


def _tell_one(text: Text, root: Actor, query: Query, many: bool) -> bool:
    """Describes the root; True if the opening already asks."""
    if root.node.constant:
        return False
    if many:
        text.open_all(root)
        text.tell(beats(root))
        return False
    plain = isinstance(query.ask, Entities) and not root.extremes
    roll = text.rng.random() if may_open(root) else 1.0
    asked = plain and roll < 0.45
    if asked and roll < 0.22:
        text.open_which(root)
    elif asked:
        text.open_name(root)
    elif roll < 0.6:
        text.open_plainly(root)
    else:
        text.open(root)
    text.tell(beats(root))
    return asked


def _tell_two(text: Text, root: Actor, second: Actor) -> None:
    same = root.node.type == second.node.type
    both = not (root.node.constant or second.node.constant)
    for actor, word, openers in ((root, "first", FIRST), (second, "second", SECOND)):
        if actor.node.constant:
            continue
        if same and both:
            text.labels[actor] = f"{word} {text.nouns[actor]}"
        text.open(actor, openers if both else ())
        text.tell(beats(actor))
        text.settle_best(actor)
