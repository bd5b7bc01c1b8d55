"""Chinese words for relations and types that users name themselves.

The user's own word is kept in quotation marks: it is the word that the documents carry.
"""

from data.sources.base import Relation, ValueKind
from synth.search.wording.en.generic import words
from synth.search.wording.zh.lexicon import OPENERS, Attribute, Edge, Noun


def quoted(name: str) -> str:
    """The relation's words; Chinese ones stand as they are."""
    text = words(name)
    return f"“{text}”" if text.isascii() else text


def noun(type_: str) -> Noun:
    word = quoted(type_)
    return Noun(
        f"{word}条目" if word.startswith("“") else word,
        "个",
        openers=(
            *OPENERS,
            "有{np}，请你认出它来。",
        ),
        closers=(
            "它叫什么？",
            "它的名称是什么？",
            "请问这是哪一个？",
            "我说的是哪一个？",
            "你能说出它的名称吗？",
            "请写出它的名称。",
        ),
    )


def edge(relation: Relation, inverse: bool) -> Edge:
    word = quoted(relation.name)
    if inverse:
        return Edge(
            says=(f"是{{y}}的{word}", f"被{{y}}列为{word}"),
            denies=(f"不是{{y}}的{word}",),
            group=f"以{{x}}为{word}的条目",
            counts=(f"被{{y}}列为{word}",),
            part=word,
        )
    return Edge(
        says=(f"以{{y}}为{word}", f"把{{y}}列为{word}"),
        denies=(f"没有把{{y}}列为{word}",),
        group=f"{{x}}的{word}",
        part=word,
    )


def attribute(relation: Relation) -> Attribute:
    word = quoted(relation.name)
    if relation.value is ValueKind.YEAR:
        return Attribute(
            word,
            says=(f"的{word}在{{v}}",),
            denies=(f"的{word}不在{{v}}",),
            asks=(f"{{x}}的{word}是哪一年？",),
            is_year=True,
        )
    if relation.value is ValueKind.NUMBER:
        return Attribute(word)
    return Attribute(
        word,
        says=(f"的{word}为 {{v}}", f"的{word}中有 {{v}}", f"的{word}一项包括 {{v}}"),
        denies=(f"的{word}中没有 {{v}}",),
        asks=(f"{{x}}的{word}是什么？",) if relation.value is ValueKind.NAME else (),
    )
