"""Clauses as Chinese sentences."""

from collections.abc import Mapping

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
from synth.general.plan.vocabulary import Comparison, comparison, is_year
from verifiers.general.constraints import Scalar

NUMERALS = "零一两三四五六七八九十"
MEASURES = frozenset("个位次套道层班号对场项份")
"""First characters of nouns that bring their measure word along, as 个周末 and 道菜 do."""

_LEVELS = {By.MOST: "不超过", By.LEAST: "不低于", By.UNDER: "低于", By.OVER: "高于"}
_COUNTS = {By.MOST: "不超过", By.LEAST: "不少于", By.UNDER: "少于", By.OVER: "多于"}
_TIMES = {By.MOST: "不晚于", By.LEAST: "不早于", By.UNDER: "早于", By.OVER: "晚于"}
_SIZES = {By.MOST: "不超过", By.LEAST: "不小于", By.UNDER: "小于", By.OVER: "大于"}
_ENDS: Mapping[Comparison, Mapping[By, str]] = {
    Comparison.TIME: _TIMES,
    Comparison.COUNT: _COUNTS,
    Comparison.LENGTH: _COUNTS,
    Comparison.SIZE: _SIZES,
    Comparison.LEVEL: _LEVELS,
}
_DEGREES = {
    Comparison.TIME: "早晚",
    Comparison.COUNT: "少多",
    Comparison.LENGTH: "短长",
    Comparison.SIZE: "小大",
    Comparison.LEVEL: "低高",
}
"""Less and more."""


def number(n: int) -> str:
    return NUMERALS[n] if n < len(NUMERALS) else str(n)


class Chinese:
    """Sentences about one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.spec = shape.compiled.domain.spec

    def sentence(self, clause: Clause) -> str:
        """`clause` as one sentence with its full stop."""
        return f"{self._said(clause)}。"

    def group(self, n: int | str) -> str:
        """第2天; 第2个小组; 第2道菜."""
        return f"第{n}{self._measured_group()}"

    def each_group(self) -> str:
        return f"每{self._measured_group()}"

    def _measured_group(self) -> str:
        """The group's noun as it follows a number: one character needs no measure word."""
        noun = self.shape.plan.group
        assert noun is not None
        bare = len(noun.zh) == 1 or noun.zh[0] in MEASURES
        return noun.zh if bare else f"{noun.measure}{noun.zh}"

    def place(self, place: Place) -> str:
        """第2天午餐; 第2周那本书; 酒店."""
        if not place.group:
            return place.noun.zh
        measure = place.noun.measure
        joined = "" if measure == "个" else f"那{measure}"
        return f"{self.group(place.group)}{joined}{place.noun.zh}"

    def places(self, places: tuple[Place, ...]) -> str:
        """书; 午餐和晚餐."""
        return "和".join({place.role: place.noun.zh for place in places}.values())

    def label(self, attribute: Attribute) -> str:
        return "的".join(column.label.zh for column in attribute.columns)

    def value(self, column: Column, value: Scalar) -> str:
        if column.kind is Kind.REF:
            return called(self.shape.compiled, column.type.table, str(value), Language.ZH)
        if is_year(column):
            return f"{value}年"
        return value_words(column.spec, value, Language.ZH, self.spec.today, self.spec.currency)

    def check(self, attribute: Attribute, check: Check) -> str:
        """What follows the label: 不超过300页; 不晚于3月3日; 为小说或历史."""
        column = attribute.column
        said = [self.value(column, value) for value in check.values]
        match check.by:
            case By.IS | By.EXACTLY:
                return f"为{said[0]}"
            case By.NOT:
                return f"不为{said[0]}"
            case By.AMONG:
                return f"为{said[0]}或{said[1]}"
            case By.BAND:
                low, high = self._ends(column)[By.LEAST], self._ends(column)[By.UNDER]
                return f"{low}{said[0]}且{high}{said[1]}"
        return f"{self._ends(column)[check.by]}{said[0]}"

    def _ends(self, column: Column) -> Mapping[By, str]:
        return _ENDS[comparison(column)]

    def owned(self, owner: str, attribute: Attribute, check: Check, verb: str) -> str:
        """A whole statement about `owner`; `verb` is 必须 or empty for what is so."""
        column = attribute.column
        if column.kind is Kind.BOOL:
            return f"{owner}{verb}是{self._yes_or_no(column, check)}的"
        if check.by is By.NOT and verb:
            said = self.value(column, check.values[0])
            return f"{owner}的{self.label(attribute)}不能是{said}"
        said = self.check(attribute, check)
        if verb and check.by not in (By.IS, By.EXACTLY, By.AMONG):
            return (
                f"{owner}的{self.label(attribute)}{'须' if said.startswith('不') else '要'}{said}"
            )
        return f"{owner}的{self.label(attribute)}{verb}{said}"

    def _yes_or_no(self, column: Column, check: Check) -> str:
        return (column.spec.values or {})["yes" if check.values[0] else "no"].zh

    def _said(self, clause: Clause) -> str:
        match clause:
            case OnPlace():
                return self._must(clause)
            case Every():
                return self._every(clause)
            case Number():
                return self._number(clause)
            case NoRepeat():
                return f"同一{self._thing(clause.places)}不能用两次"
            case AllOther():
                label = self.label(clause.attribute)
                return f"所有{self.places(clause.places)}的{label}必须各不相同"
            case Variety():
                label = self.label(clause.attribute)
                nouns = self.places(clause.places)
                return f"所有{nouns}合起来至少要有{number(clause.n)}种不同的{label}"
            case Total():
                return self._total(clause)
            case Mean():
                said = self.check(clause.attribute, Check(clause.by, (clause.value,)))
                nouns = self.places(clause.places)
                return f"所有{nouns}的平均{self.label(clause.attribute)}须{said}"
            case _:
                return self._linked(clause)

    def _linked(
        self, clause: Trend | Neighbours | Within | Versus | When | Bands | Either | Legs
    ) -> str:
        match clause:
            case Trend():
                noun, label = clause.places[0].noun.zh, self.label(clause.attribute)
                before = f"前一{self._measured_group()}"
                return f"从{self.group('二')}起，{noun}的{label}必须比{before}{self._more(clause.attribute, clause.rising)}"
            case Neighbours():
                nouns, label = self.places(clause.places), self.label(clause.attribute)
                return f"相邻两{self._measured_group()}的{nouns}，{label}不能相同"
            case Within():
                return self._within(clause)
            case Versus():
                first, second = self.place(clause.first), self.place(clause.second)
                label = self.label(clause.attribute)
                return f"{first}的{label}必须比{second}{self._more(clause.attribute, clause.more)}"
            case When():
                return f"如果{self._is(clause.given)}，那么{self._must(clause.then)}"
            case Either():
                return self._either(clause)
            case Bands():
                return self._bands(clause)
            case Legs():
                label = clause.column.label.zh
                said = self.check(Attribute((clause.column,), ()), clause.check)
                noun = clause.places[0].noun.zh
                if clause.total:
                    return f"从每{self._measure(clause.places)}{noun}到下一{self._measure(clause.places)}{noun}的{label}合计须{said}"
                return f"从每{self._measure(clause.places)}{noun}到下一{self._measure(clause.places)}{noun}的{label}都须{said}"

    def _more(self, attribute: Attribute, more: bool) -> str:
        return _DEGREES[comparison(attribute.column)][more]

    def _measure(self, places: tuple[Place, ...]) -> str:
        """The measure word of what is picked; that of the role where it has one of its own."""
        own = places[0].noun.measure
        table = self.shape.compiled.domain.tables[places[0].table.partition("@")[0]]
        return own if own != "个" else table.label.measure

    def _thing(self, places: tuple[Place, ...]) -> str:
        table = self.shape.compiled.domain.tables[places[0].table.partition("@")[0]]
        return f"{table.label.measure}{table.label.zh}"

    def _must(self, clause: OnPlace) -> str:
        return self.owned(self.place(clause.place), clause.attribute, clause.check, "必须")

    def _is(self, clause: OnPlace) -> str:
        return self.owned(self.place(clause.place), clause.attribute, clause.check, "")

    def _every(self, clause: Every) -> str:
        nouns, label = self.places(clause.places), self.label(clause.attribute)
        if clause.check.by is By.NOT:
            said = self.value(clause.attribute.column, clause.check.values[0])
            return f"所有{nouns}的{label}都不能是{said}"
        said = self.check(clause.attribute, clause.check)
        return f"所有{nouns}的{label}都{'须' if said.startswith('不') else '要'}{said}"

    def _number(self, clause: Number) -> str:
        word = {By.LEAST: "至少", By.MOST: "最多", By.EXACTLY: "恰好"}[clause.how]
        verb = "能有" if clause.how is By.MOST else "要有"
        many = f"{word}{verb}{number(clause.n)}{self._measure(clause.places)}"
        nouns = self.places(clause.places)
        column = clause.attribute.column
        if column.kind is Kind.BOOL:
            return f"所有{nouns}中，{self._yes_or_no(column, clause.check)}的{many}"
        said = self.check(clause.attribute, clause.check)
        return f"所有{nouns}中，{self.label(clause.attribute)}{said}的{many}"

    def _total(self, clause: Total) -> str:
        places, label = clause.groups[0], self.label(clause.attribute)
        said = self.check(clause.attribute, clause.check)
        nouns = self.places(places)
        verb = "须" if said.startswith("不") else "要"
        if len(clause.groups) > 1:
            return f"{self.each_group()}{nouns}的{label}合计{verb}{said}"
        if places[0].group and places[0].group == places[-1].group and len(places) > 1:
            return f"{self.group(places[0].group)}{nouns}的{label}合计{verb}{said}"
        return f"所有{nouns}的{label}合计{verb}{said}"

    def _within(self, clause: Within) -> str:
        a, b = clause.pairs[0]
        when = self.each_group() if a.group and b.group else ""
        label = self.label(clause.first)
        verb = "必须相同" if clause.same else "不能相同"
        return f"{when}{a.noun.zh}和{b.noun.zh}的{label}{verb}"

    def _either(self, clause: Either) -> str:
        first = clause.first
        places = sorted((first.place, clause.second.place), key=lambda place: place.group)
        both = f"{self.place(places[0])}和{self.place(places[1])}"
        one = f"至少要有一{self._measure((first.place,))}"
        column = first.attribute.column
        if column.kind is Kind.BOOL:
            return f"{both}中，{one}是{self._yes_or_no(column, first.check)}的"
        said = self.check(first.attribute, first.check)
        return f"{both}中，{one}的{self.label(first.attribute)}{said}"

    def _bands(self, clause: Bands) -> str:
        owner, other = self.place(clause.place), self.place(clause.other)
        parts = []
        for band, limit in zip(reversed(clause.bands()), reversed(clause.limits), strict=True):
            given = self.check(clause.attribute, band)
            said = self.check(clause.limited, Check(clause.by, (limit,)))
            parts.append(f"后者{given}时，前者须{said}")
        head = f"{other}的{self.label(clause.limited)}取决于{owner}的{self.label(clause.attribute)}"
        return f"{head}：{'；'.join(parts)}"
