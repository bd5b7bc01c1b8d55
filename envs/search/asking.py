"""What a question wants of the thing it describes: its name, all of them, a number of its page."""

import re
from enum import StrEnum
from typing import NamedTuple

from envs.search.facts import Field, Role
from envs.search.masking import Masked


class Form(StrEnum):
    NAME = "name"
    LIST = "list"
    VALUE = "value"
    COUNT = "count"
    """How many names a page gives for a role."""
    DIFFERENCE = "difference"


class Ask(NamedTuple):
    form: Form
    field: Field | None = None
    role: Role | None = None
    other: str = ""
    """The other thing of a difference."""
    best: Field | None = None
    """The field in which the thing is extreme among all that fit."""
    most: bool = False


_LIST = re.compile(
    r"\bevery (?:film|person|company|country)|[Ll]ist (?:them all|of)|all of them|every one\b"
    r"|full list|want them all|There are several|全部|所有(?!符合|[^。]*最)|哪些|逐一|名单|一个不漏|好几"
)
_FIELDS = (
    (
        Field.YEAR,
        r"release year|released (?:last|first)|recent|oldest|what year|come out|years apart|years lie|上映",
    ),
    (Field.RUNTIME, r"running time|how long|longest|shortest|how many minutes|片长|有多长"),
    (Field.CRITICS, r"positive|好评率"),
    (Field.METASCORE, r"Metascore"),
    (Field.NOMINATIONS, r"Oscar nomination|奥斯卡提名"),
    (Field.OSCARS, r"Oscar|奥斯卡"),
)
_COUNTED = (
    (Role.DIRECT, r"direct|执导|导演"),
    (Role.WRITE, r"wr[io]te|writer|writing|编剧|编写"),
    (Role.MAKE, r"compan|produc|制作"),
    (Role.ACT, r"appear|acted|cast|出演|演员"),
)
_BEST = re.compile(
    r"(?P<most>released last|highest|(?<!at )most|longest|largest|最[高长晚多])|released first|lowest|fewest|shortest|oldest|smallest"
    r"|earliest|最[低短早少]"
)
_APART = re.compile(r"\bapart\b|\blie between\b|\bdiffer|相差|difference between")
_MANY = re.compile(r"[Hh]ow many|[Oo]n how many|多少[部位家]")
_VALUE = re.compile(r"\?|？|作答")


def read_ask(masked: Masked) -> Ask:
    text = masked.text
    sentences = [part for part in re.split(r"(?<=[.?!])\s+|(?<=[。？！])", text) if part.strip()]
    last = sentences[-1] if sentences else ""
    if last.startswith("Give the year") or "作答" in last:
        last = " ".join(sentences[-2:])
    best, most = _extreme(text)
    if _APART.search(last):
        named = re.findall(r"<(\d+)>", last)
        other = masked.names[int(named[-1])] if named else ""
        return Ask(Form.DIFFERENCE, _field(last), other=other, best=best, most=most)
    if _LIST.search(text):
        return Ask(Form.LIST)
    if _BEST.search(last):
        return Ask(Form.NAME, best=best, most=most)
    role = next((r for r, words in _COUNTED if re.search(words, last)), None)
    field = _field(last)
    if _MANY.search(last) and role and not field:
        return Ask(Form.COUNT, role=role, best=best, most=most)
    asks = re.search(
        r"[Ii]n what year|[Ww]hen did|[Ww]hat |[Hh]ow |[Ff]or how|哪一年|多少|多长", last
    )
    if field and asks and _VALUE.search(last) and len(last) < 160:
        return Ask(Form.VALUE, field, best=best, most=most)
    return Ask(Form.NAME, best=best, most=most)


def _extreme(text: str) -> tuple[Field | None, bool]:
    for sentence in re.split(r"(?<=[.?!])\s+|(?<=[。？！])", text):
        if match := _BEST.search(sentence):
            return _field(sentence[match.start() :]) or _field(sentence), bool(match["most"])
    return None, False


def _field(text: str) -> Field | None:
    return next((field for field, words in _FIELDS if re.search(words, text, re.I)), None)
