"""A statement in the words of whoever met the bug: the issue, then the script that was run.

The issue comes first, as it was cleaned when the bug was mined. The script and what came of it follow,
because people forget what a reader needs. Where the issue is in another language than the task, or the
whole gives something away, the statement that was written from the behaviour alone stays.
"""

from typing import NamedTuple

from data.task import Language
from synth.code.bug import Bug
from synth.code.mining.issues import language
from synth.code.statement.author import Statement, check
from synth.code.statement.evidence import Evidence, Outcome

HANG = "hang"


class _Side(NamedTuple):
    prints: str
    prints_nothing: str
    prints_blank: str
    ends: str
    hangs: str


_INTRO = {Language.EN: "A script that shows it:", Language.ZH: "可以用下面的脚本复现："}
_ACTUAL = {
    Language.EN: _Side(
        "It prints:",
        "It prints nothing.",
        "It prints an empty line.",
        "It ends with:",
        "It does not end.",
    ),
    Language.ZH: _Side(
        "实际输出：", "实际没有输出。", "实际输出一个空行。", "实际以错误结束：", "脚本不会结束。"
    ),
}
_EXPECTED = {
    Language.EN: _Side(
        "It should print:",
        "It should print nothing.",
        "It should print an empty line.",
        "It should end with:",
        "It should not end.",
    ),
    Language.ZH: _Side(
        "应当输出：", "应当没有输出。", "应当输出一个空行。", "应当以错误结束：", "脚本不应结束。"
    ),
}


def retold(bug: Bug, statement: Statement, evidence: Evidence, wanted: Language) -> Statement:
    """`statement` in the words of the bug's issue; itself where there is none that will do."""
    if bug.story.sort != "issue" or language(f"{bug.story.title}\n{bug.story.text}") != wanted:
        return statement
    first = evidence.reproductions[0]
    script = f"```python\n{first.script.strip()}\n```"
    ends = [_ended(first.buggy, _ACTUAL[wanted]), _ended(first.fixed, _EXPECTED[wanted])]
    body = "\n\n".join([bug.story.text, _INTRO[wanted], script, *ends])
    told = statement.model_copy(update={"title": bug.story.title, "body": body})
    return statement if check(told, bug, evidence) else told


def _ended(outcome: Outcome, say: _Side) -> str:
    if outcome.error == HANG:
        return say.hangs
    if outcome.error:
        return f"{say.ends}\n\n```\n{outcome.out}{outcome.last_line}\n```"
    if not outcome.out.strip():
        return say.prints_blank if outcome.out else say.prints_nothing
    return f"{say.prints}\n\n```\n{outcome.out.rstrip()}\n```"
