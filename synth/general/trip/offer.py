"""A wish that a traveller may have: what it means, how it is said, and how sharp it can be made."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from synth.general.trip.frame import Frame
from verifiers.general.constraints import Compare, Const, Formula, Operator, Rule, Term


class Topic(NamedTuple):
    """Where in a request a wish is said; paragraphs follow this order."""

    order: int


ROUTE, SKY, BED, FOOD, SIGHT, DAY, MONEY = map(Topic, range(7))


class Wish(NamedTuple):
    """One or more rules with the words that state them all."""

    topic: Topic
    rules: tuple[Rule, ...]
    text: str


class Bounded(NamedTuple):
    """A wish for a term to be at most (or at least) a value that is yet to be chosen."""

    topic: Topic
    id: str
    term: Term
    by: Operator
    """LE or GE."""
    step: float
    """Bounds are multiples of it, as a person would say them."""
    say: Callable[[str], str]
    """The sentence, given the bound as it is written."""
    write: Callable[[float], str]
    around: Callable[[Formula], Formula] | None = None
    """Puts the comparison into its place where it is part of a larger formula."""

    def at(self, value: float) -> Wish:
        """The wish with its bound."""
        plain = int(value) if value == int(value) else round(value, 1)
        formula: Formula = Compare(left=self.term, by=self.by, right=Const(value=plain))
        text = self.say(self.write(plain))
        rule = Rule(id=self.id, formula=formula, text=text)
        return Wish(self.topic, (rule,), text)


class Draft:
    """What a maker of wishes works with: the trip, a stream of chance, and two languages."""

    def __init__(self, frame: Frame, rng: Random) -> None:
        self.frame = frame
        self.rng = rng

    def pick(self, en: Sequence[str], zh: Sequence[str]) -> str:
        """One of several ways to say the same, in the language of the trip."""
        # Both languages take one number from the stream, so that they make the same wishes.
        at = self.rng.random()
        ways = zh if self.frame.zh else en
        return ways[int(at * len(ways))]

    def wish(self, topic: Topic, id_: str, formula: Formula, text: str) -> Wish:
        return Wish(topic, (Rule(id=id_, formula=formula, text=text),), text)

    def day_name(self, day: int) -> str:
        """ "the second day" in the middle of a sentence."""
        if self.frame.zh:
            return f"第{'一二三四五'[day - 1]}天"
        return f"the {('first', 'second', 'third', 'fourth', 'fifth')[day - 1]} day"

    def money(self, value: float) -> str:
        if self.frame.compiled.world.currency == "CNY":
            return f"{value:g}元" if self.frame.zh else f"{value:g} CNY"
        return f"{value:g}欧元" if self.frame.zh else f"{value:g} EUR"

    def time(self, minutes: float) -> str:
        hours, rest = divmod(int(minutes), 60)
        if self.frame.zh:
            return (f"{hours}小时" if hours else "") + (f"{rest}分钟" if rest else "")
        said = [f"{hours} hour{'s' * (hours > 1)}"] if hours else []
        said += [f"{rest} minutes"] if rest else []
        return " and ".join(said)


Maker = Callable[[Draft], Wish | Bounded | None]
"""Makes one wish of a kind; None where the trip does not allow it."""
