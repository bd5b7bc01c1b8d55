"""Chinese questions: opening, sentences, and what is asked."""

from collections.abc import Iterable
from random import Random

from synth.search.query import Count, Difference, Entities, HowMany, Query, Value
from synth.search.wording.names import Names
from synth.search.wording.plan import Actor, Beat, Part, actors, after, beats, stage
from synth.search.wording.zh.clauses import fill
from synth.search.wording.zh.references import References
from synth.search.wording.zh.words import Words

WORLD = ("在本资料库中，", "就本资料库而言，", "据本资料库记载，", "按本资料库的记录，")
ALL_OPENERS = (
    "请找出本资料库中符合以下描述的所有{noun}。",
    "符合条件的{noun}不止一{measure}，请全部找出来。",
    "下面的描述对应多{measure}{noun}，我想要完整的名单。",
    "本资料库中有好几{measure}{noun}符合下面的线索。",
    "请列出符合以下各项条件的全部{noun}。",
    "以下描述适用于哪些{noun}？",
)
ALL_CLOSERS = ("请把它们全部列出来。", "请逐一列出。", "请给出完整的名单。", "请一个不漏地列出来。")
BEST = (
    "在本资料库所有符合条件的{noun}中，{best}的是哪{one}？",
    "本资料库里符合以上描述的{noun}中，哪{one}{best}？",
    "若本资料库中有多{measure}{noun}符合条件，其中{best}的是哪{one}？",
)
BEST_SAID = (
    "在本资料库所有符合条件的{noun}中，我说的是{best}的那{one}。",
    "若本资料库中有多{measure}{noun}符合条件，取其中{best}的{one}。",
)


class Text(References):
    """Builds the sentences of one question."""

    def __init__(self, names: Names, rng: Random) -> None:
        super().__init__(Words(names), rng)
        self.sentences: list[str] = []
        self.said_world = False

    def say(self, sentence: str, subject: Actor | None) -> None:
        self.sentences.append(tidy(sentence))
        self.settle(subject)

    def open(self, root: Actor) -> None:
        noun = self.words.noun(root.node.type)
        opener = self.rng.choice(noun.openers)
        self.say(fill(opener, np=self.someone(root)), root)

    def open_which(self, root: Actor) -> None:
        """Starts with the question: "Which drama of the 1950s was ... ?"."""
        noun = self.words.noun(root.node.type)
        group = root.groups.pop(0)
        core = self.core(root.node.type, root.light)
        self.log.append(root)
        self.say(f"哪{noun.measure}{core}{self.predicates(group)}？", root)
        self.tell(after(group))

    def open_all(self, root: Actor) -> None:
        noun = self.words.noun(root.node.type)
        opener = self.rng.choice(ALL_OPENERS)
        self.said_world = "本资料库" in opener
        self.log.append(root)
        self.say(fill(opener, noun=noun.word, measure=noun.measure), root)
        if root.light:
            self.say(
                f"{self.labels[root]}是{self.one(root.node.type)}{self.core(root.node.type, root.light)}。",
                root,
            )

    def tell(self, story: Iterable[Beat]) -> None:
        for beat in story:
            subject = self.refer(beat.actor)
            self.log.append(beat.actor)
            prefix = ""
            if any(isinstance(part.clue, Count) for part in beat.parts) and not self.said_world:
                prefix, self.said_world = self.rng.choice(WORLD), True
            self.say(f"{prefix}{subject}{self.predicates(beat.parts)}。", beat.actor)

    def predicates(self, parts: list[Part]) -> str:
        phrases = [self.predicate(part) for part in parts]
        negative = parts[-1].clue.op == "exclude" and len(parts) > 1
        if negative and parts[-2].clue.op != "exclude":
            phrases[-1] = f"但{phrases[-1]}"
        elif len(phrases) == 2 and self.rng.random() < 0.4:
            phrases[-1] = f"且{phrases[-1]}"
        return "，".join(phrases)

    def ask_entities(self, root: Actor, many: bool, asked: bool) -> None:
        noun = self.words.noun(root.node.type)
        if root.extremes:
            self._best(root, BEST)
        elif many:
            self.say(self.rng.choice(ALL_CLOSERS), root)
        elif not asked:
            self.say(self.rng.choice(noun.closers), root)

    def _best(self, root: Actor, frames: tuple[str, ...]) -> None:
        noun = self.words.noun(root.node.type)
        self.said_world = True
        best = "且".join(self.superlative_word(extreme) for extreme in root.extremes)
        one = f"一{noun.measure}"
        frame = self.rng.choice(frames)
        if "那{one}" in frame:
            one = noun.measure
        self.say(fill(frame, noun=noun.word, measure=noun.measure, best=best, one=one), root)

    def settle_best(self, root: Actor) -> None:
        """Says the root's superlative as a statement, before something else is asked."""
        if root.extremes:
            self._best(root, BEST_SAID)

    def subject_of(self, root: Actor) -> str:
        return self.name(root.node.constant) if root.node.constant else self.refer(root)

    def ask_value(self, root: Actor, relation: str) -> None:
        words = self.words.attribute(relation)
        x = self.subject_of(root)
        if words.asks:
            self.say(fill(self.rng.choice(words.asks), x=x), root)
        else:
            self.say(f"{x}的{words.noun}是多少{unit_asked(self.words.unit(relation))}？", root)

    def ask_how_many(self, root: Actor, ask: HowMany) -> None:
        noun = self.words.noun(ask.node.type)
        group = fill(self.words.edge(ask.step).group, x=self.subject_of(root))
        prefix = "" if self.said_world else self.rng.choice(WORLD)
        self.said_world = True
        if ask.node.clues:
            many = f"中有多少{noun.measure}是{self.whole(ask.node)}"
        else:
            many = f"共有多少{noun.measure}"
        self.say(f"{prefix}{group}{many}？", root)

    def ask_difference(self, root: Actor, second: Actor, ask: Difference) -> None:
        words, others = self.words.attribute(ask.relation), self.words.attribute(ask.other)
        x = self.subject_of(root) if root.node.constant else self.labels[root]
        y = self.subject_of(second) if second.node.constant else self.labels[second]
        unit = "年" if words.is_year else unit_asked(self.words.gap_unit(ask.relation))
        if ask.relation == ask.other:
            self.say(f"{x}与{y}的{words.noun}相差多少{unit}？", None)
        else:
            self.say(f"{x}的{words.noun}与{y}的{others.noun}相差多少{unit}？", None)


def unit_asked(unit: str) -> str:
    return f" {unit} " if unit[:1].isascii() and unit[:1].isalpha() else unit


def tidy(sentence: str) -> str:
    """Joins what frames leave behind: spaces between Chinese characters, doubled spaces."""
    text = " ".join(sentence.split())
    for mark in "，。？、（）《》：；":
        text = text.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    return text


def realise(query: Query, names: Names, rng: Random, num_answers: int) -> list[str]:
    """The sentences of the question."""
    text = Text(names, rng)
    root = stage(query.root, text.slot, rng)
    second = stage(query.ask.node, text.slot, rng) if isinstance(query.ask, Difference) else None
    text.introduce([*actors(root), *(actors(second) if second else ())])
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
    if text.counted and not text.said_world:
        text.sentences.append("以上数目均以本资料库为准。")
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
    for actor, word in ((root, "第一"), (second, "第二")):
        if actor.node.constant:
            continue
        if same:
            text.labels[actor] = (
                f"{word}{text.words.noun(actor.node.type).measure}{text.nouns[actor]}"
            )
        text.open(actor)
        text.tell(beats(actor))
        text.settle_best(actor)
