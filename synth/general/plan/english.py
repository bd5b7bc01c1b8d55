"""Clauses as English sentences."""

from data.task import Language
from envs.general.domain import Column
from envs.general.kinds import Kind
from envs.general.phrases import called, value_words
from synth.general.plan.clauses import (
    AllOther,
    Bands,
    By,
    Check,
    Clause,
    Either,
    Every,
    Legs,
    Mean,
    Neighbours,
    NoRepeat,
    Number,
    OnPlace,
    Total,
    Trend,
    Variety,
    Versus,
    When,
    Within,
)
from synth.general.plan.shape import Attribute, Place, Shape
from synth.general.plan.vocabulary import MEASURED, Comparison, comparison, is_year
from verifiers.general.constraints import Scalar

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
PRICES = frozenset({"price", "cost", "fee", "fare", "price a night", "ticket price"})

_ENDS = {By.MOST: "at most", By.LEAST: "at least", By.UNDER: "under", By.OVER: "over"}
_MOMENTS = {
    Kind.DATE: ("on or before", "on or after"),
    Kind.TIME: ("no later than", "no earlier than"),
}


def number(n: int) -> str:
    return WORDS[n] if n < len(WORDS) else str(n)


class English:
    """Sentences about one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.spec = shape.compiled.domain.spec

    def sentence(self, clause: Clause) -> str:
        """`clause` as one sentence, capitalised, with its full stop."""
        text = self._said(clause)
        return f"{text[:1].upper()}{text[1:]}."

    def place(self, place: Place) -> str:
        """day 2's lunch; the hotel."""
        if not place.group:
            return f"the {place.noun.en}"
        group = self.shape.plan.group
        assert group is not None
        return f"{group.en} {place.group}'s {place.noun.en}"

    def places(self, places: tuple[Place, ...]) -> str:
        """the books; the lunches and dinners; without an article."""
        roles = {place.role: place.noun for place in places}
        return _joined([noun.en_plural for noun in roles.values()])

    def one_of(self, places: tuple[Place, ...]) -> str:
        """book; lunch or dinner: after every, each, no."""
        nouns = [noun.en for noun in {place.role: place.noun for place in places}.values()]
        return " or ".join(nouns) if len(nouns) < 3 else self.thing(places)

    def thing(self, places: tuple[Place, ...]) -> str:
        """What is picked, whatever it is picked for."""
        return self.shape.compiled.domain.tables[places[0].table.partition("@")[0]].label.en

    def label(self, attribute: Attribute) -> str:
        """star rating of the hotel: without an article."""
        return " of the ".join(column.label.en for column in reversed(attribute.columns))

    def value(self, column: Column, value: Scalar) -> str:
        if column.kind is Kind.REF:
            return called(self.shape.compiled, column.type.table, str(value), Language.EN)
        if is_year(column):
            return str(value)
        said = value_words(column.spec, value, Language.EN, self.spec.today, self.spec.currency)
        unit = column.spec.unit.en if column.spec.unit else ""
        repeated = column.kind in MEASURED and len(unit) > 3 and unit in column.label.en.split()
        return said.partition(" ")[0] if repeated else said

    def check(self, attribute: Attribute, check: Check) -> str:
        """What follows "must be": at most 300 pages; on or before 3 March; novel or history."""
        column = attribute.column
        said = [self.value(column, value) for value in check.values]
        match check.by:
            case By.IS | By.EXACTLY:
                return said[0]
            case By.NOT:
                return f"not {said[0]}"
            case By.AMONG:
                return f"{said[0]} or {said[1]}"
            case By.BAND:
                if is_year(column):
                    return f"{said[0]} or later but before {said[1]}"
                return f"at least {said[0]} but under {said[1]}"
        if column.kind in _MOMENTS:
            return f"{_MOMENTS[column.kind][check.by is By.LEAST]} {said[0]}"
        if is_year(column):
            return {By.MOST: f"{said[0]} or earlier", By.LEAST: f"{said[0]} or later"}.get(
                check.by, f"before {said[0]}"
            )
        return f"{_ENDS[check.by]} {said[0]}"

    def owned(self, owner: str, attribute: Attribute, check: Check, verb: str) -> str:
        """A whole statement about `owner`; `verb` is must, may or empty for what is so."""
        column = attribute.column
        said = self.check(attribute, check)
        label = column.label.en
        plain = len(attribute.columns) == 1
        if column.kind is Kind.BOOL:
            so = self._yes_or_no(column, check)
            denied = so.startswith("not ") and verb
            return f"{owner} {verb} not be {so[4:]}" if denied else f"{owner} {_be(verb)} {so}"
        if plain and label in PRICES and check.by not in (By.IS, By.NOT):
            extra = " a night" if label.endswith("a night") else ""
            return f"{owner} {_does(verb, 'cost')} {said}{extra}"
        if plain and label.startswith("number of ") and check.by not in (By.IS, By.NOT):
            return f"{owner} {_does(verb, 'have')} {said} {label.removeprefix('number of ')}"
        if check.by is By.NOT and verb:
            return f"the {self.label(attribute)} of {owner} {verb} not be {said[4:]}"
        return f"the {self.label(attribute)} of {owner} {_be(verb)} {said}"

    def _yes_or_no(self, column: Column, check: Check) -> str:
        values = column.spec.values or {}
        return values["yes" if check.values[0] else "no"].en

    def _said(self, clause: Clause) -> str:
        match clause:
            case OnPlace():
                owner = self.place(clause.place)
                return self.owned(owner, clause.attribute, clause.check, "must")
            case Every():
                return self._every(clause)
            case Number():
                return self._number(clause)
            case NoRepeat():
                return f"no {self.thing(clause.places)} may be used more than once"
            case AllOther():
                return f"no two {self.places(clause.places)} may {self._sharing(clause.attribute)}"
            case Variety():
                several = clause.attribute.column.label.en_plural
                head = f"the {self.places(clause.places)} must include at least"
                return f"{head} {number(clause.n)} different {several}"
            case Total():
                return self._total(clause)
            case Mean():
                return self._mean(clause)
            case _:
                return self._linked(clause)

    def _linked(
        self, clause: Trend | Neighbours | Within | Versus | When | Bands | Either | Legs
    ) -> str:
        match clause:
            case Trend():
                return self._trend(clause)
            case Neighbours():
                group = self.shape.plan.group
                assert group is not None
                nouns = self.places(clause.places)
                label = self.label(clause.attribute)
                return (
                    f"the {nouns} of two {group.en_plural} in a row may not have the same {label}"
                )
            case Within():
                return self._within(clause)
            case Versus():
                return self._versus(clause)
            case When():
                return f"if {self._is(clause.given)}, then {self._must(clause.then)}"
            case Either():
                return self._either(clause)
            case Bands():
                return self._bands(clause)
            case Legs():
                return self._legs(clause)

    def _must(self, clause: OnPlace) -> str:
        return self.owned(self.place(clause.place), clause.attribute, clause.check, "must")

    def _is(self, clause: OnPlace) -> str:
        return self.owned(self.place(clause.place), clause.attribute, clause.check, "")

    def _either(self, clause: Either) -> str:
        places = sorted((clause.first.place, clause.second.place), key=lambda place: place.group)
        owner = f"at least one of {self.place(places[0])} and {self.place(places[1])}"
        return self._some(owner, clause.first, "must")

    def _some(self, owner: str, clause: OnPlace | Number, verb: str) -> str:
        """Of some of several things: with the label in front where it has no short form."""
        attribute = clause.attribute
        column = attribute.column
        label = column.label.en
        short = len(attribute.columns) == 1 and (label in PRICES or label.startswith("number of "))
        if column.kind is Kind.BOOL or (short and clause.check.by not in (By.IS, By.NOT)):
            return self.owned(owner, attribute, clause.check, verb)
        said = self.check(attribute, clause.check)
        return f"for {owner}, the {self.label(attribute)} {verb} be {said}"

    def _every(self, clause: Every) -> str:
        owner = f"every {self.one_of(clause.places)}".replace(" or ", " and every ")
        if clause.check.by is By.NOT:
            said = self.value(clause.attribute.column, clause.check.values[0])
            label = self.label(clause.attribute)
            return f"no {self.one_of(clause.places)} may have {said} as its {label}"
        return self.owned(owner, clause.attribute, clause.check, "must")

    def _number(self, clause: Number) -> str:
        n, nouns = number(clause.n), self.places(clause.places)
        word = {By.LEAST: "at least", By.MOST: "at most", By.EXACTLY: "exactly"}[clause.how]
        owner = f"{word} {n} of the {nouns}"
        verb = "may" if clause.how is By.MOST else "must"
        return self._some(owner, clause, verb)

    def _sharing(self, attribute: Attribute) -> str:
        return f"have the same {self.label(attribute)}"

    def _total(self, clause: Total) -> str:
        places = clause.groups[0]
        said = self.check(clause.attribute, clause.check)
        column = clause.attribute.column
        group = self.shape.plan.group
        if len(clause.groups) > 1 or (
            group and len(places) < len(self.shape.places) and places[0].group == places[-1].group
        ):
            assert group is not None
            when = f"each {group.en}" if len(clause.groups) > 1 else f"{group.en} {places[0].group}"
            nouns = _joined([place.noun.en for place in places])
            return f"on {when}, {nouns} together {self._amount(column, said)}".replace(
                "on ", "for ", 1
            )
        return f"together, the {self.places(places)} {self._amount(column, said)}"

    def _amount(self, column: Column, said: str) -> str:
        label = column.label.en
        if label in PRICES:
            return f"must cost {said}"
        if label.startswith("number of "):
            return f"must have {said} {label.removeprefix('number of ')}"
        return f"must come to a total {label} of {said}"

    def _mean(self, clause: Mean) -> str:
        said = self.check(clause.attribute, Check(clause.by, (clause.value,)))
        return f"the average {self.label(clause.attribute)} of the {self.places(clause.places)} must be {said}"

    def _trend(self, clause: Trend) -> str:
        group = self.shape.plan.group
        assert group is not None
        label, noun = self.label(clause.attribute), clause.places[0].noun.en
        word = _more(clause.attribute.column, clause.rising)
        before = f"that of the {group.en} before"
        return f"from the second {group.en} on, the {label} of each {noun} must be {word} than {before}"

    def _within(self, clause: Within) -> str:
        a, b = clause.pairs[0]
        group = self.shape.plan.group
        when = f"for each {group.en}, " if group and a.group and b.group else ""
        owners = f"{self._role(a)} and {self._role(b)}"
        label = self.label(clause.first)
        if clause.same:
            return f"{when}{owners} must have the same {label}"
        return f"{when}{owners} may not have the same {label}"

    def _role(self, place: Place) -> str:
        return f"the {place.noun.en}"

    def _versus(self, clause: Versus) -> str:
        word = _more(clause.attribute.column, clause.more)
        first, second = self.place(clause.first), self.place(clause.second)
        label = self.label(clause.attribute)
        if label in PRICES:
            return f"{first} must cost {'more' if clause.more else 'less'} than {second}"
        if label.startswith("number of "):
            what = label.removeprefix("number of ")
            return f"{first} must have {'more' if clause.more else 'fewer'} {what} than {second}"
        return f"the {label} of {first} must be {word} than that of {second}"

    def _bands(self, clause: Bands) -> str:
        owner, other = self.place(clause.place), self.place(clause.other)
        parts = []
        for band, limit in zip(reversed(clause.bands()), reversed(clause.limits), strict=True):
            given = self.check(clause.attribute, band)
            said = self.check(clause.limited, Check(clause.by, (limit,)))
            parts.append(f"if the latter is {given}, the former must be {said}")
        limited, attribute = self.label(clause.limited), self.label(clause.attribute)
        head = f"what the {limited} of {other} may be depends on the {attribute} of {owner}"
        return f"{head}: {'; '.join(parts)}"

    def _legs(self, clause: Legs) -> str:
        said = self.check(Attribute((clause.column,), ()), clause.check)
        group = self.shape.plan.group
        assert group is not None
        noun = clause.places[0].noun.en
        label = clause.column.label.en
        if clause.total:
            return f"the total {label} from each {noun} to the next must be {said}"
        return f"the {label} from each {noun} to the next must be {said}"


def _be(verb: str) -> str:
    return f"{verb} be" if verb else "is"


def _does(verb: str, does: str) -> str:
    if verb:
        return f"{verb} {does}"
    return "has" if does == "have" else f"{does}s"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_DEGREES = {
    Comparison.TIME: ("earlier", "later"),
    Comparison.COUNT: ("lower", "higher"),
    Comparison.LENGTH: ("shorter", "longer"),
    Comparison.SIZE: ("smaller", "larger"),
    Comparison.LEVEL: ("lower", "higher"),
}


def _more(column: Column, more: bool) -> str:
    return _DEGREES[comparison(column)][more]
