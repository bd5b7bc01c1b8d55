"""Whether an issue is a report that a stranger could work from, and what of it may be told."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from synth.code.mining.reasons import Reason
from synth.code.mining.records import Comment, Issue, User
from synth.code.mining.rules import is_bot
from synth.code.mining.wording import cleaned, cleaned_title, has_code, num_pictures, prose, tells

MIN_WORDS = 12
MIN_CHINESE_CHARS = 20
MAX_CHARS = 12_000
MAX_COMMENTS = 3
MAX_COMMENT_CHARS = 2_000
MIN_TOLD_CHARS = 16
"""Shorter lines of a fix say nothing of it."""
_NO_BUG = re.compile(
    r"\b(enhancement|feature|question|support|documentation|docs|duplicate|invalid|won'?t[ -]?fix|discussion"
    r"|typing|performance|refactor|chore|dependencies|ci|infrastructure|proposal|rfc|spam|stale)\b",
    re.IGNORECASE,
)
_BUG = re.compile(r"\b(bug|defect|regression|crash|confirmed)\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^(how (do|can|to|should)|question\b|is (it|there) (possible|a way)|what is|why (is|does) (the|there)\b"
    r"|can (i|we)|feature request|\[?(feature|request|rfc|proposal|question)\]?\b|add support|support for)",
    re.IGNORECASE,
)
_SYMPTOM = re.compile(
    r"\b(error|exception|traceback|expect(ed|s)?|actual(ly)?|rais(e[sd]?|ing)|fail(s|ed|ure|ing)?|crash|wrong"
    r"|incorrect|unexpected|instead|should(n't)?|bug|broken|breaks?|missing|ignor(es|ed)|returns?|does(n't| not)"
    r"|cannot|can't|hangs?|leaks?|duplicate[sd]?|invalid|lost|loses|drops?|regression)\b"
    r"|错误|异常|报错|崩溃|期望|预期|失败|不正确|丢失|应该|应当|无法|不能",
    re.IGNORECASE,
)
_LINK_ONLY = re.compile(
    r"https?://(?:gist\.github\.com|pastebin\.com|codesandbox\.io|repl\.it|replit\.com|colab\.research"
    r"|stackoverflow\.com|discuss|groups\.google|discord|drive\.google|github\.com/[\w.-]+/[\w.-]+/?(?:\s|$))",
    re.IGNORECASE,
)
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an the is are was were be been to of in on for with and or not this that it as at by from when"
        " if i we you have has had do does did but can will should would there which after before no using",
    )
)
_MIN_COMMON_SHARE = 0.15
_FEW_WORDS, _MIN_FEW_SHARE = 20, 0.05
"""A text of code with few words beside it."""
_MIN_CHINESE_SHARE = 0.2


class Report(NamedTuple):
    title: str
    text: str


def against(issue: Issue, fixed: datetime, resolved: datetime) -> Reason | None:
    """The first thing that an issue's data say against it, its text apart.

    `fixed` is when work on the fix was shown first, `resolved` when it reached the main line.
    """
    labels = " / ".join(re.sub(r"[-_:]", " ", label.name) for label in issue.labels)
    if is_bot(issue.user or User()):
        return Reason.ISSUE_BOT
    if issue.state_reason in ("not_planned", "duplicate"):
        return Reason.ISSUE_NOT_PLANNED
    if _NO_BUG.search(labels) and not _BUG.search(labels):
        return Reason.ISSUE_LABEL
    created, updated = moment(issue.created_at), moment(issue.updated_at)
    if created and created > fixed:
        return Reason.ISSUE_AFTER_FIX
    if issue.state == "open" and updated and updated > resolved:
        return Reason.ISSUE_OPEN
    if _QUESTION.match(cleaned_title(issue.title)) or _QUESTION.match(issue.title):
        return Reason.ISSUE_QUESTION
    return None


def report(
    issue: Issue, comments: Sequence[Comment], fixed: datetime, added: Sequence[str]
) -> Report | Reason:
    """What may be told of `issue`, or why it is of no use. `added` are the lines that the fix adds.

    Of the comments, those of the issue's own author count that are older than the fix and tell nothing.
    """
    written = issue.body or ""
    text = cleaned(written)
    reason = _unreadable(text, num_pictures(written), f"{issue.title}\n{text}") if text else None
    if not text:
        reason = Reason.ISSUE_VISUAL if num_pictures(written) else Reason.ISSUE_SHORT
    if reason:
        return reason
    more = [cleaned(comment.body or "") for comment in _own(issue, comments, fixed)]
    text = "\n\n".join([text, *(part for part in more if part)])
    if len(text) > MAX_CHARS:
        return Reason.ISSUE_LONG
    if _contains(f"{issue.title}\n{text}", added):
        return Reason.ISSUE_TELLS_FIX
    return Report(cleaned_title(issue.title), text)


def moment(text: str) -> datetime | None:
    """A time as the API writes it; None where it does not say."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def language(text: str) -> str:
    """`en`, `zh`, or '' for another one."""
    spoken = prose(text)
    letters = sum(char.isalpha() for char in spoken)
    chinese = len(re.findall(r"[\u4e00-\u9fff]", spoken))
    kana = len(re.findall(r"[\u3040-\u30ff\uac00-\ud7af]", spoken))
    if letters and chinese >= _MIN_CHINESE_SHARE * letters and kana * 10 < chinese:
        return "zh"
    words = re.findall(r"[^\W\d_]+", spoken.lower())
    common = sum(word in _COMMON for word in words)
    share = _MIN_COMMON_SHARE if len(words) >= _FEW_WORDS else _MIN_FEW_SHARE
    return "en" if words and common >= share * len(words) and not kana else ""


def _unreadable(text: str, pictures: int, whole: str) -> Reason | None:
    spoken = prose(whole)
    words = re.findall(r"[^\W\d_]{2,}", spoken)
    chinese = len(re.findall(r"[\u4e00-\u9fff]", spoken))
    code = has_code(text)
    few = len(words) < MIN_WORDS and chinese < MIN_CHINESE_CHARS
    if few and pictures:
        return Reason.ISSUE_VISUAL
    if few and _LINK_ONLY.search(text):
        return Reason.ISSUE_EXTERNAL
    if len(words) < MIN_WORDS // 2 and chinese < MIN_CHINESE_CHARS // 2 or (few and not code):
        return Reason.ISSUE_SHORT
    if not re.search(r"[^\W\d_]{2,}", prose(text)):
        return Reason.ISSUE_SHORT
    if len(text) > MAX_CHARS:
        return Reason.ISSUE_LONG
    if not language(whole):
        return Reason.ISSUE_LANGUAGE
    if pictures and not code and len(words) < 4 * MIN_WORDS and chinese < 4 * MIN_CHINESE_CHARS:
        return Reason.ISSUE_VISUAL
    if _LINK_ONLY.search(text) and not code and len(words) < 4 * MIN_WORDS:
        return Reason.ISSUE_EXTERNAL
    return None if code or _SYMPTOM.search(whole) else Reason.ISSUE_VAGUE


def _own(issue: Issue, comments: Sequence[Comment], fixed: datetime) -> list[Comment]:
    author = issue.user.login if issue.user else ""
    found = []
    for comment in comments:
        created = moment(comment.created_at)
        early = created is not None and created < fixed
        own = comment.user is not None and comment.user.login == author != ""
        body = comment.body or ""
        if early and own and len(body) <= MAX_COMMENT_CHARS and not tells(body):
            found.append(comment)
    return found[:MAX_COMMENTS]


def _contains(text: str, added: Sequence[str]) -> bool:
    """Whether enough of what the fix adds stands in `text` for it to be copied."""
    plain = re.sub(r"\s+", "", text)
    lines = {re.sub(r"\s+", "", line) for line in added}
    telling = {line for line in lines if len(line) >= MIN_TOLD_CHARS}
    told = sum(line in plain for line in telling)
    return told > 0 and (told >= 3 or 2 * told >= len(telling))
