"""The text of a plan task: the agent's instructions and the request, in either language."""

import json
from random import Random
from typing import NamedTuple

from pydantic import JsonValue

from data.task import Language, Message, Role
from envs.general.phrases import asked
from synth.general.plan.chinese import Chinese
from synth.general.plan.clauses import Bands, Clause, Either, OnPlace, Total, Versus, When
from synth.general.plan.english import number
from synth.general.plan.shape import Shape
from verifiers.general.form import Items, Object, example

PROSE = 3
"""Up to so many conditions are said in a paragraph, more are listed."""

_MANNER = {
    Language.EN: "You only plan: look up whatever you need, but change nothing.",
    Language.ZH: "你只负责制定方案：需要什么就查什么，但不要做任何改动。",
}
_FIRST_EN = (
    "Please {}.",
    "Could you {}?",
    "I need you to {}.",
    "Would you {}?",
    "Hi, please {}.",
)
_FIRST_ZH = ("请{}。", "麻烦你{}。", "请帮我{}。", "你好，请{}。", "能不能帮忙{}？")
_WHY_EN = (
    "It will be announced today, so everything below has to hold exactly.",
    "I have promised the others that every point below will be kept.",
    "Please check the records instead of guessing; some of the limits are tight.",
    "The last version was sent back, so this time all of the points must be met.",
    "We settled the conditions together this morning, and none of them is optional.",
    "It is for people who will check every point, so please be careful.",
)
_WHY_ZH = (
    "今天就要公布，下面的要求一条都不能错。",
    "我已经答应大家，下面每一点都会做到。",
    "请以系统里的记录为准，不要猜，有几条限制比较紧。",
    "上一版被退回来了，这次所有要求都要满足。",
    "这些条件是早上一起商量定的，缺一不可。",
    "对方会逐条核对，请仔细一些。",
)


class _Words(NamedTuple):
    """What frames the conditions, in one language."""

    first: tuple[str, ...]
    why: tuple[str, ...]
    space: str


_WORDS = {
    Language.EN: _Words(_FIRST_EN, _WHY_EN, " "),
    Language.ZH: _Words(_FIRST_ZH, _WHY_ZH, ""),
}


def prompt(
    shape: Shape, clauses: tuple[Clause, ...], sentences: tuple[str, ...], rng: Random
) -> tuple[Message, ...]:
    """Instructions and request; `sentences` state the clauses, in their order."""
    language = shape.compiled.variant.language
    words = _WORDS[language]
    ask = asked(
        rng.choice(shape.plan.ask).of(language), {"count": _count(shape, language)}, language
    )
    reasons = [why.of(language) for why in shape.plan.why] or words.why
    opening = rng.choice(words.first).format(ask) + words.space + rng.choice(reasons)
    blocks = [opening, *_conditions(shape, clauses, sentences, language)]
    blocks.append(_form(shape, language))
    return (
        Message(role=Role.SYSTEM, content=_instructions(shape, language)),
        Message(role=Role.USER, content="\n\n".join(blocks)),
    )


def _count(shape: Shape, language: Language) -> str:
    return str(shape.count) if language is Language.ZH else number(shape.count)


def _instructions(shape: Shape, language: Language) -> str:
    spec = shape.compiled.domain.spec
    space = _WORDS[language].space
    today = spec.today.isoformat()
    day = f"今天是{today}。" if language is Language.ZH else f"Today is {today}."
    return f"{spec.story.of(language)}{space}{day}\n\n{_MANNER[language]}"


def _conditions(
    shape: Shape, clauses: tuple[Clause, ...], sentences: tuple[str, ...], language: Language
) -> list[str]:
    """A paragraph, or lists: what concerns all, then single places, then what hangs together."""
    given = [slot.that.of(language) for slot in shape.plan.slots.values() if slot.that]
    if len(given) + len(sentences) <= PROSE:
        return [_WORDS[language].space.join((*given, *sentences))]
    parts: list[list[tuple[int, str]]] = [[(0, sentence) for sentence in given], [], []]
    for clause, sentence in zip(clauses, sentences, strict=True):
        part, group = _part(clause)
        parts[part].append((group, sentence))
    heads = _heads(shape, language)
    blocks = []
    for head, listed in zip(heads, parts, strict=True):
        if listed:
            lines = [f"- {sentence}" for _, sentence in sorted(listed, key=lambda said: said[0])]
            blocks.append("\n".join([head, *lines]))
    return blocks


def _part(clause: Clause) -> tuple[int, int]:
    """Which list a clause stands in, and where in it."""
    match clause:
        case OnPlace():
            return 1, clause.place.group
        case Either():
            return 1, min(clause.first.place.group, clause.second.place.group)
        case Versus():
            return 1, max(clause.first.group, clause.second.group)
        case Total() if len({place.group for place in clause.groups[0]}) == 1 == len(clause.groups):
            return 1, clause.groups[0][0].group
        case When():
            return 2, clause.given.place.group
        case Bands():
            return 2, clause.place.group
        case _:
            return 0, 0


def _heads(shape: Shape, language: Language) -> tuple[str, str, str]:
    group = shape.plan.group
    title = shape.plan.title.of(language)
    if language is Language.ZH:
        single = "具体安排上：" if group is None else f"具体到各{group.zh}："
        return f"整个{title}要满足：", single, "另外，有些选择要看别的选择而定："
    single = "For particular choices:" if group is None else f"For particular {group.en_plural}:"
    return f"For the {title} as a whole:", single, "And some choices depend on others:"


def _form(shape: Shape, language: Language) -> str:
    """How to answer, with the whole form written out."""
    shown: dict[str, JsonValue] = {
        p.slot: f"<{_what(shape, p.slot, language)}>" for p in shape.places
    }
    text = _laid_out(shape.form, shown)
    plural = isinstance(shape.form, Items)
    group = shape.plan.group
    named = list(dict.fromkeys(_what(shape, p.slot, language) for p in shape.places))
    if language is Language.ZH:
        each = Chinese(shape).each_group() if plural and group else ""
        what = f"一个JSON列表（{each}一个对象）" if each else "一个JSON对象"
        exact = "、".join(named)
        return f"请用{what}回答，格式如下，{exact}要与工具显示的完全一致：\n{text}"
    what = (
        f"a JSON list with one object for each {group.en}"
        if plural and group
        else "one JSON object"
    )
    exact = " and ".join(named)
    return (
        f"Reply with {what} in this form, with every {exact} exactly as the tools show it:\n{text}"
    )


def _what(shape: Shape, slot: str, language: Language) -> str:
    """What a pick is written as: the label of the name column, or an id."""
    table = shape.problem.table_of(slot)
    made = shape.compiled.domain.tables[table.partition("@")[0]]
    column = made.name_column if shape.has_names(table) else made.key
    if column:
        return made.columns[column].label.of(language)
    return "编号" if language is Language.ZH else "id"


def _laid_out(form: Object | Items, shown: dict[str, JsonValue]) -> str:
    """JSON with one line for each object of a list."""
    value = example(form, shown)
    if isinstance(value, list):
        return _lines(value, "")
    assert isinstance(value, dict)
    parts = [
        f'  "{key}": {_lines(part, "  ") if isinstance(part, list) else _json(part)}'
        for key, part in value.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}"


def _lines(items: list[JsonValue], indent: str) -> str:
    return "[\n" + ",\n".join(f"{indent}  {_json(item)}" for item in items) + f"\n{indent}]"


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
