"""What the teacher thinks, in English and Chinese: one plain sentence for each kind of inference."""

from collections.abc import Sequence
from enum import StrEnum, auto

from data.task import Language


class Line(StrEnum):
    ASKED = auto()
    ASKED_NEXT = auto()
    NEED = auto()
    FIRST = auto()
    AGAIN = auto()
    BY = auto()
    ALL = auto()
    SORTED = auto()
    NEXT_PAGE = auto()
    LOOK = auto()
    NAMED = auto()
    FITS = auto()
    ONLY = auto()
    SEVERAL = auto()
    MANY = auto()
    FIRST_ROW = auto()
    EXTREME = auto()
    RULE = auto()
    RULE_CELL = auto()
    RULE_ROWS = auto()
    RULE_ALL = auto()
    KEPT = auto()
    BROKEN = auto()
    NO_RULE = auto()
    ACT = auto()
    DONE = auto()
    QUESTION = auto()
    ANSWER = auto()
    REPORT = auto()
    PLAN = auto()
    SPEAK = auto()
    NOT_YET = auto()
    TABLE = auto()
    AIM = auto()
    PICK = auto()
    JOINT = auto()
    ALL_KEPT = auto()


ENGLISH = {
    Line.ASKED: "The request: {action} with {slots}.",
    Line.ASKED_NEXT: "Request {n} of {total}: {action} with {slots}.",
    Line.NEED: "I need {arg}: {phrase}.",
    Line.FIRST: "First I need {phrase}.",
    Line.AGAIN: "{phrase} is {id}, as I have seen.",
    Line.BY: "I look up {plural} with {filters}.",
    Line.ALL: "I list the {plural}.",
    Line.SORTED: "I sort {plural} by {column}, the {end} first.",
    Line.NEXT_PAGE: "{n} of {total} {plural} seen; I turn the page.",
    Line.LOOK: "I read {columns} of {id}.",
    Line.NAMED: "{phrase} is {id}.",
    Line.FITS: "{id} has {evidence}: it is {phrase}.",
    Line.ONLY: "Only {id} fits ({evidence}): it is {phrase}.",
    Line.SEVERAL: "{ids} fit so far.",
    Line.MANY: "{n} rows fit so far.",
    Line.FIRST_ROW: "The first row, {id}, has the {end} {column} ({value}): it is {phrase}.",
    Line.EXTREME: "The {column} are {values}. The {end} is that of {id}: it is {phrase}.",
    Line.RULE: 'Rule "{rule}"',
    Line.RULE_CELL: "{rule}: to check, I read {columns} of {id}{whence}.",
    Line.RULE_ROWS: "{rule}: to check, I look up {plural} with {filters}.",
    Line.RULE_ALL: "{rule}: to check, I list the {plural}.",
    Line.KEPT: "{rule}: {facts}. Kept.",
    Line.BROKEN: "{rule}: {facts}. That breaks the rule, so I leave this undone.",
    Line.NO_RULE: "No rule is about {action}.",
    Line.ACT: "So I call {action}.",
    Line.DONE: "Done by {action}: {changes}.",
    Line.QUESTION: "The question: {column} of {phrase}.",
    Line.ANSWER: "{id} has {column} {value}: that is the answer.",
    Line.REPORT: "All is done. Changed: {changed}. Declined: {declined}.",
    Line.PLAN: "To fill: {slots}. To choose from: {plurals}.",
    Line.SPEAK: "The limits are on {columns}.",
    Line.NOT_YET: "No plan fits with what I have seen.",
    Line.TABLE: "What I know of {plural} ({columns}): {rows}.",
    Line.AIM: "For the total {column}, which has to be {bounds}, I take {which} values.",
    Line.PICK: "{slot}: {row}{facts}.",
    Line.JOINT: "{facts}.",
    Line.ALL_KEPT: "Every limit is kept.",
}
CHINESE = {
    Line.ASKED: "要求：{action}，{slots}。",
    Line.ASKED_NEXT: "第{n}件（共{total}件）：{action}，{slots}。",
    Line.NEED: "需要{arg}：{phrase}。",
    Line.FIRST: "先要找到{phrase}。",
    Line.AGAIN: "前面已知{phrase}是{id}。",
    Line.BY: "按{filters}查{plural}。",
    Line.ALL: "列出{plural}。",
    Line.SORTED: "把{plural}按{column}排序，{end}的在前。",
    Line.NEXT_PAGE: "{plural}共{total}条，已看{n}条，翻下一页。",
    Line.LOOK: "查看{id}的{columns}。",
    Line.NAMED: "{phrase}是{id}。",
    Line.FITS: "{id}的{evidence}，就是{phrase}。",
    Line.ONLY: "只有{id}符合（{evidence}），就是{phrase}。",
    Line.SEVERAL: "目前符合的有{ids}。",
    Line.MANY: "目前符合的有{n}条。",
    Line.FIRST_ROW: "第一条{id}的{column}{end}（{value}），就是{phrase}。",
    Line.EXTREME: "{column}：{values}。{end}的是{id}，就是{phrase}。",
    Line.RULE: "规定“{rule}”",
    Line.RULE_CELL: "{rule}：要核对，先看{id}{whence}的{columns}。",
    Line.RULE_ROWS: "{rule}：要核对，按{filters}查{plural}。",
    Line.RULE_ALL: "{rule}：要核对，列出{plural}。",
    Line.KEPT: "{rule}：{facts}。符合规定。",
    Line.BROKEN: "{rule}：{facts}。违反规定，这件不办。",
    Line.NO_RULE: "没有关于{action}的规定。",
    Line.ACT: "可以调用{action}。",
    Line.DONE: "{action}已办好：{changes}。",
    Line.QUESTION: "问题：{phrase}的{column}。",
    Line.ANSWER: "{id}的{column}是{value}，这就是答案。",
    Line.REPORT: "都办完了。变动：{changed}。未办：{declined}。",
    Line.PLAN: "要填的有：{slots}，都从{plurals}里选。",
    Line.SPEAK: "限制涉及{columns}。",
    Line.NOT_YET: "看过的这些还排不出方案。",
    Line.TABLE: "已知的{plural}（{columns}）：{rows}。",
    Line.AIM: "{column}合计要{bounds}，取{which}的。",
    Line.PICK: "{slot}：{row}{facts}。",
    Line.JOINT: "{facts}。",
    Line.ALL_KEPT: "各项限制都满足。",
}


class Words:
    """Sentences in one language."""

    def __init__(self, language: Language) -> None:
        self.zh = language is Language.ZH
        self._lines = CHINESE if self.zh else ENGLISH

    def say(self, line: Line, **slots: object) -> str:
        text = self._lines[line].format(**slots)
        # An id or a tool's name at the beginning stays as it is.
        begins = not self.zh and self._lines[line].startswith("{phrase}")
        return text[:1].upper() + text[1:] if begins else text

    def joined(self, sentences: Sequence[str]) -> str:
        return ("" if self.zh else " ").join(sentences)

    def listed(self, items: Sequence[str]) -> str:
        return ("、" if self.zh else ", ").join(items)

    def aside(self, row_id: str, column: str) -> str:
        return self.bracketed(f"{row_id}的{column}" if self.zh else f"{column} of {row_id}")

    def bracketed(self, text: str) -> str:
        return f"（{text}）" if self.zh else f" ({text})"

    def end(self, largest: bool) -> str:
        if self.zh:
            return "最大" if largest else "最小"
        return "largest" if largest else "least"
