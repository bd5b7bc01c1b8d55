"""Words for the most and the least of a column whose domain file gives none.

Things that are counted are most or fewest, times are long or short, dates late or early; the rest is
high or low.
"""

import re
from typing import NamedTuple

from envs.general.domain import Column
from envs.general.kinds import NUMERIC, TEMPORAL, Kind
from envs.general.texts import Text, counts, head


class _Pair(NamedTuple):
    most: Text
    least: Text


_DATED = _Pair(Text("latest", "最晚"), Text("earliest", "最早"))
_COUNTED = _Pair(Text("most", "最多"), Text("fewest", "最少"))
_HIGH = _Pair(Text("highest", "最高"), Text("lowest", "最低"))
_BY_NOUN = (
    (
        r"duration|length|term|wait|delay|time",
        _Pair(Text("longest", "最长"), Text("shortest", "最短")),
    ),
    (r"distance", _Pair(Text("longest", "最远"), Text("shortest", "最近"))),
    (
        r"size|area|floor area|surface|capacity|volume|quantity|amount",
        _Pair(Text("largest", "最大"), Text("smallest", "最小")),
    ),
    (r"(?<! )year", _DATED),
    (r"weight", _Pair(Text("greatest", "最大"), Text("smallest", "最小"))),
)
_EXTREME = re.compile(r"(?:\w+est|most|least|maximum|minimum|last|first|next|valid) ")
_ZH = (
    (r"(时长|时间|期限|租期|长度|年限)$", ("最长", "最短")),
    (r"(?<![定指系参分度读基])(数|数量|库存|存量|余量)$", ("最多", "最少")),
    (r"(年份|年代)$", ("最晚", "最早")),
    (r"(金额|总额|余额|预算|费用|花费)$", ("最高", "最低")),
    (r"(距离|里程)$", ("最长", "最短")),
)
"""Chinese nouns that have their own words, whatever the English is."""


def superlative(column: Column, largest: bool) -> Text:
    """Stands before the English noun and after the Chinese: "fewest", "最少"."""
    pair = _pair(column)
    text = pair.most if largest else pair.least
    if column.kind in TEMPORAL or pair is _COUNTED:
        return text
    for noun, words in _ZH:
        if re.search(noun, column.label.zh):
            return Text(text.en, words[0 if largest else 1])
    return text


def compares(column: Column) -> bool:
    """True if a person would name a row by having the most of it; "the highest highest load" is odd."""
    given = column.spec.most and column.spec.least
    return bool(given) or not _EXTREME.match(column.label.en)


def _pair(column: Column) -> _Pair:
    if column.kind in TEMPORAL:
        return _DATED
    noun = head(column.label.en)[0]
    if column.kind is Kind.INT and counts(column.label.en):
        return _COUNTED
    if column.kind in NUMERIC - {Kind.MONEY}:
        for nouns, pair in _BY_NOUN:
            if re.search(rf"(?:^| )(?:{nouns})$", noun):
                return pair
    return _HIGH
