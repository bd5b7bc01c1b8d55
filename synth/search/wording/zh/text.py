"""Chinese questions: opening, sentences, and what is asked."""

import re
from collections.abc import Iterable
from random import Random

from synth.search.query import Count, Difference, Entities, Extreme, HowMany, Query, Value, nodes
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
from synth.search.wording.zh.clauses import DE, LONG, bare, fill
from synth.search.wording.zh.lexicon import TELLERS
from synth.search.wording.zh.references import References
from synth.search.wording.zh.words import Words

WORLD = ("在本资料库中，", "据本资料库记载，")
ALL_OPENERS = (
    "请找出本资料库中符合以下描述的所有{noun}。",
    "符合条件的{noun}不止一{measure}，请全部找出来。",
    "下面的描述对应多{measure}{noun}，我想要完整的名单。",
    "本资料库中有好几{measure}{noun}符合下面的线索。",
    "请列出符合以下各项条件的全部{noun}。",
    "以下描述适用于哪些{noun}？",
)
ALL_CLOSERS = ("请全部列出来。", "请逐一列出。", "请给出完整的名单。", "请一个不漏地列出来。")
BEST = (
    "在本资料库所有符合条件的{noun}中，{best}的是哪{one}？",
    "本资料库里符合以上描述的{noun}中，哪{one}{best}？",
    "若本资料库中有多{measure}{noun}符合条件，其中{best}的是哪{one}？",
)
BEST_SAID = (
    "在本资料库所有符合条件的{noun}中，我说的是{best}的那{one}。",
    "若本资料库中有多{measure}{noun}符合条件，取其中{best}的{one}。",
)

FIRST = ("先看{np}。", "设想{np}。", "首先有{np}。")
SECOND = ("再看{np}。", "接着看{np}。", "再来看{np}。")


class Text(References):
    """Builds the sentences of one question."""

    def __init__(self, names: Names, rng: Random) -> None:
        super().__init__(Words(names), rng)
        self.sentences: list[str] = []

    def say(self, sentence: str, subject: Actor | None) -> None:
        self.sentences.append(tidy(sentence))
        self.settle(subject)

    def open(self, root: Actor, openers: tuple[str, ...] = ()) -> None:
        noun = self.words.noun(root.node.type)
        if openers or not _may_open(root):
            opener = self.rng.choice(openers or noun.openers)
            self.say(fill(opener, np=self.someone(root)), root)
            return
        group = root.groups.pop(0)
        phrase = self.someone(root)
        fitting = [o for o in noun.tellers or TELLERS if "的{name}" not in o or len(phrase) < LONG]
        opener = self.rng.choice(fitting)
        predicates = self.predicates(group)
        if "记得{p}" in opener:
            predicates = self.attach("此人" if noun.is_person else "它", predicates)
        self.say(fill(opener, np=phrase, p=told(predicates), name=noun.name), root)
        self.tell(after(group))

    def open_which(self, root: Actor) -> None:
        """Starts with the question: "Which drama of the 1950s was ... ?"."""
        noun = self.words.noun(root.node.type)
        start = f"哪{noun.measure}{self.core(root.node.type, root.light)}"
        if noun.is_person and not root.light and self.rng.random() < 0.6:
            start = "谁"
        polite, mark = self.rng.choice(
            (("", "？"), ("", "？"), ("请问，", "？"), ("你知道", "吗？"))
        )
        self._say_first(root, f"{polite}{start}", mark)

    def open_plainly(self, root: Actor) -> None:
        """Starts with the first clues: "There is a drama of the 1950s, ..."."""
        measure = self.words.noun(root.node.type).measure
        core = self.core(root.node.type, root.light)
        start = self.rng.choice(
            (f"有一{measure}{core}，", f"有这样一{measure}{core}，", f"某{measure}{core}")
        )
        self._say_first(root, start, "。")

    def _say_first(self, root: Actor, start: str, mark: str) -> None:
        group = root.groups.pop(0)
        self.log.append(root)
        predicates = self.predicates(group)
        if start.startswith("某") and predicates.startswith(DE):
            start = f"{start}，"
        if start.endswith("，"):
            predicates = told(predicates)
        self.say(f"{start}{predicates}{mark}", root)
        self.tell(after(group))

    def open_all(self, root: Actor) -> None:
        """Asks for every answer; what follows describes one of them."""
        noun = self.words.noun(root.node.type)
        opener = self.rng.choice(ALL_OPENERS)
        self.said_world = "本资料库" in opener
        core = self.core(root.node.type, root.light)
        self.say(fill(opener, noun=core, measure=noun.measure), None)

    def tell(self, story: Iterable[Beat]) -> None:
        for beat in story:
            parent = beat.actor.parent
            if beat.first and parent:
                subject = self.one_of(beat.actor, self.refer(parent))
                self.log.append(parent)
            else:
                subject = self.refer(beat.actor)
                self.log.append(beat.actor)
            world = self._world(beat.parts)
            sentence = self.attach(subject, self.predicates(beat.parts))
            self.say(f"{world}{sentence}。", beat.actor)

    def _world(self, parts: list[Part]) -> str:
        """Says once, at the first count, what is counted over."""
        if self.said_world or not any(isinstance(part.clue, Count) for part in parts):
            return ""
        self.said_world = True
        return self.rng.choice(WORLD)

    def attach(self, subject: str, predicate: str) -> str:
        """Subject and predicate; a short "this film" needs no particle before its own noun."""
        if predicate.startswith(DE) and re.search("该.$", subject) and self.rng.random() < 0.6:
            return f"{subject}{bare(predicate)}"
        return f"{subject}{predicate}"

    def predicates(self, parts: list[Part]) -> str:
        """The predicates of one sentence, the first as it follows the subject."""
        first, *more = [self.predicate(part) for part in parts]
        phrases = [first, *(self._next(phrase) for phrase in more)]
        excluded = [part.clue.op == "exclude" for part in parts]
        if len(parts) > 1 and excluded[-1] and not excluded[-2]:
            phrases[-1] = f"但{phrases[-1]}"
        elif len(phrases) == 2 and self._runs_on(parts) and self.rng.random() < 0.5:
            phrases[-1] = f"并且{phrases[-1]}"
        return "，".join(phrases)

    def _runs_on(self, parts: list[Part]) -> bool:
        """True if all predicates speak of the subject itself, so that "and" may join them."""
        return all(part.clue.op == "link" and not is_heavy(part) for part in parts)

    def _next(self, predicate: str) -> str:
        """A predicate further on in the sentence."""
        if predicate.startswith(f"{DE}一"):
            return f"它{predicate}"
        if predicate.startswith(DE):
            return f"{self.rng.choice(('', '其'))}{bare(predicate)}"
        group = (
            "执导的",
            "编剧的",
            "出演的",
            "制作的",
            "参与出品的",
            "发现的",
            "维护的",
            "链接到的",
            "依赖的",
            "推荐的",
        )
        return f"其{predicate}" if predicate.startswith(group) else predicate

    def ask_entities(self, root: Actor, many: bool, asked: bool) -> None:
        noun = self.words.noun(root.node.type)
        if root.extremes and not many:
            self._best(root, BEST)
            return
        self.settle_best(root)
        if many:
            self.say(self.rng.choice(ALL_CLOSERS), root)
        elif not asked:
            self.say(self.rng.choice(noun.closers), root)

    def _best(self, root: Actor, frames: tuple[str, ...]) -> None:
        noun = self.words.noun(root.node.type)
        self.said_world = True
        best = "且".join(self.best(extreme) for extreme in root.extremes)
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


def told(predicate: str) -> str:
    """A predicate after a pause, where its subject is understood."""
    return f"它{predicate}" if predicate.startswith(f"{DE}一") else bare(predicate)


def unit_asked(unit: str) -> str:
    return f" {unit} " if unit[:1].isascii() and unit[:1].isalpha() else unit


def tidy(sentence: str) -> str:
    """Spaces as Chinese text has them: between Chinese and Latin words, none beside marks."""
    text = " ".join(sentence.replace("没有有", "没有").split())
    text = re.sub(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z\u00c0-\u024f])", " ", text)
    text = re.sub(r"(?<=[A-Za-z\u00c0-\u024f.>])(?=[\u4e00-\u9fff])", " ", text)
    text = re.sub(r"([A-Za-z][\w.+ -]*\d)(?=[\u4e00-\u9fff])", r"\1 ", text, flags=re.ASCII)
    text = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text)
    return re.sub(r" *([，。？、（）《》：；“”]) *", r"\1", text)


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
    roll = text.rng.random() if _may_open(root) else 1.0
    asked = plain and roll < 0.3
    if asked:
        text.open_which(root)
    elif roll < 0.6:
        text.open_plainly(root)
    else:
        text.open(root)
    text.tell(beats(root))
    return asked


def _may_open(root: Actor) -> bool:
    """True if the root's first group can stand in a question that opens the text."""
    return bool(root.groups) and not starts_from_child(root.groups[0])


def _tell_two(text: Text, root: Actor, second: Actor) -> None:
    same = root.node.type == second.node.type
    both = not (root.node.constant or second.node.constant)
    for actor, word, openers in ((root, "第一", FIRST), (second, "第二", SECOND)):
        if actor.node.constant:
            continue
        if same and both:
            text.labels[actor] = (
                f"{word}{text.words.noun(actor.node.type).measure}{text.nouns[actor]}"
            )
        text.open(actor, openers if both else ())
        text.tell(beats(actor))
        text.settle_best(actor)
