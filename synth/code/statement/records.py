"""What the records of a project say of a bug, turned from the fix back into the complaint.

A changelog says what was done: "Fix crash when the file is empty". A report says what is wrong:
"There is a crash when the file is empty." Only forms that turn round safely are used; the rest of
an entry, and whatever names the fix, stays unsaid.
"""

import re
from collections.abc import Iterator

from synth.code.bug import Story

MIN_CHARS, MAX_CHARS = 12, 160
_NOISE = re.compile(
    r"\(?(?:by|thanks to|contributed by|patch by|reported by)\s+[^.;)]*\)?"
    r"|\(?(?:(?:closes|fixes|refs?|see|bug|issue|pr|gh|pull request)[\s:]*)?#\d+\)?"
    r"|\(?\bissue\s*\d+\)?|:\w+:`[^`]*`|\[[^\]]*\]\([^)]*\)|https?://\S+",
    re.IGNORECASE,
)
_FIXED = r"(?:fix(?:ed|es)?|correct(?:ed|s)?|resolve[ds]?|repair(?:ed|s)?|solve[ds]?)"
_A_BUG = r"(?:an?\s+|the\s+)?(?:\w+\s+)?(?:bug|issue|problem|regression|error)s?"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"^{pattern}$", re.IGNORECASE), said)
    for pattern, said in (
        (rf"{_FIXED}\s+{_A_BUG}\s+(?:where|in which|that caused|whereby)\s+(?P<rest>.+)", "{Rest}."),
        (rf"{_FIXED}\s+{_A_BUG}\s+(?:with|when|in|on|for)\s+(?P<rest>.+)", "There is a problem with {rest}."),
        (rf"{_FIXED}\s+(?:a\s+|the\s+)?(?P<what>crash|hang|memory leak|infinite loop|deadlock)\s+(?P<rest>.+)", "There is a {what} {rest}."),
        (rf"{_FIXED}\s+(?:an?\s+|the\s+)?(?P<what>`*\w+(?:Error|Exception|Warning)`*)\s+(?P<rest>(?:when|if|in|on|for|with|caused)\b.+)", "A {what} is raised {rest}."),
        (rf"{_FIXED}\s+(?P<rest>(?:the\s+)?(?:handling|parsing|splitting|formatting|rendering|escaping|detection|support|behaviou?r|output|processing|serialization|grouping|conversion|encoding|decoding)\s+(?:of|for|with|in)\s+.+)", "{Rest} is not right."),
        (r"(?P<what>[A-Z]\w*(?:Error|Exception))\s+(?:is|are)\s+now\s+raised\s+(?P<rest>.+)", "{what} should be raised {rest}."),
        (r"raise\s+(?:an?\s+)?(?P<what>`*\w+(?:Error|Exception)`*)\s+(?P<rest>(?:when|if|for|on)\b.+)", "{what} should be raised {rest}."),
        (r"(?P<rest>.+?)\s+(?:now\s+works|works\s+now)\s*(?P<what>.*)", "{Rest} does not work {what}."),
    )
)  # fmt: skip


def facts(story: Story) -> Iterator[str]:
    """Sentences in English that `story` allows, each about what is wrong."""
    if story.sort == "injected":
        return
    for line in (story.title, *_entries(story.text)):
        plain = _plain(line)
        if not MIN_CHARS <= len(plain) <= MAX_CHARS:
            continue
        for form, said in _FORMS:
            if match := form.match(plain):
                yield _sentence(said, match.groupdict(default=""))
                break


def _entries(text: str) -> Iterator[str]:
    """Items of a list, or sentences."""
    for item in re.split(r"\n\s*(?:[-*+]|\d+\.)\s+|\n\n", f"\n{text}"):
        first = re.split(r"(?<=[.!])\s", " ".join(item.split()), maxsplit=1)[0]
        if first:
            yield first


def _plain(line: str) -> str:
    text = _NOISE.sub("", line)
    text = re.sub(r"``([^`]*)``", r"`\1`", text)
    text = re.sub(r"\(\s*[,;]*\s*\)|^\s*[-*+]\s+", "", text)
    return re.sub(r"\s+", " ", text).strip(" .,;:-")


def _sentence(said: str, parts: dict[str, str]) -> str:
    rest = parts.get("rest", "").strip()
    text = said.format(rest=rest, Rest=rest[:1].upper() + rest[1:], what=parts.get("what", ""))
    return re.sub(r"\s+([.])", r"\1", text)
