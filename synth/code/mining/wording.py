"""The text of an issue without what a template put there, and without what tells of its fix.

Left out: hidden comments, headings with nothing below them, checklists, pictures, patches, sections on a
possible fix, and every sentence that points to a pull request, a commit, or says how or where it was
fixed. Code and tracebacks stay as they are.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DETAILS = re.compile(
    r"</?(?:details|summary|kbd|sub|sup|b|i|em|strong|p|br|div|span)\b[^>]*>", re.I
)
_PICTURE = re.compile(
    r"!\[[^\]]*\]\([^)]*\)|<(?:img|video)\b[^>]*>(?:</video>)?"
    r"|https?://(?:user-images\.githubusercontent\.com|github\.com/user-attachments/assets)/\S+",
    re.IGNORECASE,
)
_FENCE = re.compile(
    r"^([ \t]*)(`{3,}|~{3,})[ \t]*[^\n`]*\n(.*?)(?:^[ \t]*\2[`~]*[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_PATCH = re.compile(
    r"^(?:diff --git |@@ -\d|--- a/|\+\+\+ b/|Index: )|^\*\*\* Begin Patch", re.MULTILINE
)
_CHANGED = re.compile(r"^([+-])(?![+-])", re.MULTILINE)
_CHECKBOX = re.compile(r"^\s*[-*+]\s*\[[ xX]\]")
_HEADING = re.compile(
    r"^\s{0,3}(?:#{1,6}\s+(?P<marked>.+?)\s*#*|\*\*(?P<bold>[^*\n]{2,80})\*\*:?|(?P<lined>[^\n]{2,80})\n\s*[-=]{3,})\s*$"
)
_NOTHING = re.compile(
    r"^[\W_]*(?:no response|n/?a|none|nope|nothing|tbd|see above|无|没有)?[\W_]*$", re.IGNORECASE
)
_FIX_SECTION = re.compile(
    r"\b(?:(?:possible|potential|proposed|suggested|my|quick|temporary)\s+(?:solution|fix|change|patch|work-?around)"
    r"|(?:solution|fix|patch|work-?around|root cause|implementation|analysis)s?\b)"
    r"|解决方案|修复方案|建议的?修改|根本?原因",
    re.IGNORECASE,
)
_TEMPLATE_SECTION = re.compile(
    r"\b(?:check-?list|before (?:you )?(?:submit|open|post)|code of conduct|pre-?requisites|first check"
    r"|initial checks?|contribut|willing|are you (?:willing|going)|commit to help|acknowledg|sponsor)",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"/(?:pull|pulls|commit|commits|compare|merge_requests|blob|tree|blame)/[\w.-]"
    r"|(?<![\w-])(?:PR|MR|pull request)s?\b"
    r"|\b(?:fix(?:ed)?|resolve[sd]?|address(?:ed)?|solve[sd]?|patch(?:ed)?|merged|landed|released?)\s+"
    r"(?:(?:this|it|already|now|here)\s+)*(?:by|in|with|via|through|on)\b"
    r"|\b(?:should|would|could|can|might) (?:be fixed|fix (?:it|this)|solve (?:it|this))\b"
    r"|\b(?:the|a|my|simple|easy|proposed|possible) (?:fix|patch) (?:is|would|could|should|might)\b"
    r"|\bbisect(?:ed|ing)?\b|\b(?:opened|submitted|sent|made|attached) a (?:fix|patch)\b"
    r"|\b[0-9a-f]{40}\b|(?<![\w/.#-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,12}(?![\w-]|\.\w)"
    r"|(?:已|被)?在.{0,20}(?:中修复|里修复|合并)|拉取请求",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"^\W*(?:an? (?:clear|short|brief|concise)(?:,? and \w+)? description of|short description of the (?:problem|issue)"
    r"|include a minimal|provide a (?:\w+ )?(?:concise|minimal|reproducible|description|code)|please (?:search|include|describe"
    r"|provide|fill|complete|check|make sure|note)\b|steps to reproduce(?: the behaviou?r)?:\W*$|go to '|click on '|scroll down to '"
    r"|see error\W*$|add any other|if applicable|\(?write (?:your|what)|step \d\W*$|first step\W*$|second step\W*$|and so on\W*$"
    r"|tell us|what (?:did you expect|went wrong|are you trying|happened instead|should happen)\b[^.]*\W*$|describe (?:the|what|your)\b"
    r"|how has this|explain (?:what|how)|your bug may|if you received an error|optional:|replace this|e\.g\. ?\W*$"
    r"|(?:desktop|smartphone) \(please|put your|paste (?:your|the)|a minimal,? reproducible|include (?:as many )?relevant)",
    re.IGNORECASE,
)
_UNFILLED = re.compile(
    r"^\s*[-*+]\s+(?=[^:\n]*\b(?:versions?|system|os|python|flags|options?|browser|platform|device|environment)\b)"
    r"[^:\n]{2,80}:(?:\*\*)?\s*(?:\[?e\.g\..*)?$",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"^\s*(?:cc\b|/cc\b|(?:author|date|signed-off-by|co-authored-by):\s|thanks?\b[^.]{0,60}[.!]*$|thank you\b[^.]{0,60}[.!]*$|cheers\b|best regards|regards,?$"
    r"|\+1$|:\+1:$|sent from my|on .{5,80} wrote:$|(?:hi|hello|hey|dear)\b(?:[ ,]+@?[\w-]+){0,3}[ ,!.]*$|你好)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(\[]|$)|(?<=[\u3002\uff01\uff1f])")
_CHINESE_STOP = re.compile("([\u3002\uff01\uff1f]) ")
_MAIL = re.compile(r"(?<![`\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_LINKED = re.compile(r"\[([^\]\n]+)\]\((?:https?://[^)\s]+)[^)]*\)")
_NUMBER = re.compile(
    r"\s*\((?:see |cf\.? |refs? |related to )?(?:GH-|#)\d+\)|(?<=\S)\s*\(https?://[^)\s]+/issues/\d+\)",
    re.I,
)
_MENTION = re.compile(r"(?<![\w`/.@])@(?=[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?![\w-]|[./(]\w))")
_CC = re.compile(r"[,;(]?\s*/?\bcc:?(?:\s*,?\s*@[\w-]+)+\)?", re.IGNORECASE)
_TITLE = re.compile(
    r"^\s*(?:\[[^\]]{1,30}\]\s*:?\s*|(?:bug|issue|fix|bugfix|regression|problem|缺陷)(?:\s*report)?\s*(?:\([^)]*\))?\s*[:\uff1a]\s*)+",
    re.IGNORECASE,
)


class Block(NamedTuple):
    """A run of lines: prose, or a fenced block with its fences."""

    code: bool
    text: str


def blocks(text: str) -> Iterator[Block]:
    place = 0
    for fence in _FENCE.finditer(text):
        if fence.start() > place:
            yield Block(False, text[place : fence.start()])
        yield Block(True, fence[0])
        place = fence.end()
    if place < len(text):
        yield Block(False, text[place:])


def prose(text: str) -> str:
    """`text` without code, fenced, indented or inline."""
    outside = "\n".join(block.text for block in blocks(text) if not block.code)
    lines = [
        line
        for line in outside.splitlines()
        if not line.startswith(("    ", "\t", ">>>", "Traceback"))
    ]
    return re.sub(r"`[^`\n]*`", " ", "\n".join(lines))


def has_code(text: str) -> bool:
    return any(block.code for block in blocks(text)) or bool(
        re.search(r"`[^`\n]{3,}`|^(?: {4}|\t)\S|^>>> |Traceback \(most recent", text, re.MULTILINE)
    )


def num_pictures(text: str) -> int:
    return len(_PICTURE.findall(text))


def tells(text: str) -> bool:
    """Whether `text` holds a patch, or a sentence that points to a fix."""
    return any(
        _is_patch(block.text) if block.code else bool(_TELLS.search(block.text))
        for block in blocks(_normal(text))
    )


def cleaned_title(title: str) -> str:
    """Without the mark of its sort, and without numbers of issues."""
    plain = _TITLE.sub("", " ".join(title.split()))
    return re.sub(r"\s*\(?(?:GH-|#)\d+\)?\s*$", "", plain).strip(" .:-")


def cleaned(text: str) -> str:
    sections = list(_sections(_normal(text)))
    kept = [f"{heading}\n{body}" if heading else body for heading, body in sections]
    joined = "\n\n".join(part.strip("\n") for part in kept if part.strip())
    return re.sub(r"\n{3,}", "\n\n", joined).strip()


def _normal(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\u200b", "").replace("\ufeff", "")
    parts = [
        block.text if block.code else _DETAILS.sub("", _PICTURE.sub("", block.text))
        for block in blocks(_COMMENT.sub("", plain))
    ]
    return "".join(parts)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Headings with what stands below them, those left out that are noise or tell of a fix."""
    heading, lines, muted = "", list[str](), False
    for block in blocks(text):
        if block.code:
            if not muted and not _is_patch(block.text):
                lines.append(block.text.strip("\n"))
            continue
        for line in block.text.split("\n"):
            title = _title_of(line)
            if title:
                yield from _section(heading, lines)
                heading, lines = line.strip(), []
                muted = bool(_FIX_SECTION.search(title) or _TEMPLATE_SECTION.search(title))
                heading = "" if muted else heading
            elif not muted:
                lines.append(line)
    yield from _section(heading, lines)


def _section(heading: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    body = "\n".join(
        line if "\n" in line or line.startswith(("```", "~~~")) else _kept(line) for line in lines
    )
    if not _NOTHING.match(body):
        yield heading, body


def _title_of(line: str) -> str:
    found = _HEADING.match(line)
    return (found["marked"] or found["bold"] or "") if found else ""


def _kept(line: str) -> str:
    """What stays of one line of prose; indented code is none."""
    if line.startswith(("    ", "\t", ">>>", "...")):
        return line
    if any(rule.match(line) for rule in (_CHECKBOX, _NOISE, _PLACEHOLDER, _UNFILLED)):
        return ""
    mark = re.match(r"\s*(?:[-*+]|\d+[.)]|>)?\s*", line)
    lead = mark[0] if mark else ""
    sentences = (
        part.strip()
        for part in _SENTENCE.split(_CC.sub("", line[len(lead) :]))
        if not _TELLS.search(_bare(part))
        and not _NOISE.match(part)
        and not _PLACEHOLDER.match(part)
    )
    kept = _CHINESE_STOP.sub(r"\1", " ".join(part for part in sentences if part))
    kept = _NUMBER.sub("", _LINKED.sub(r"\1", _MAIL.sub("someone", kept)))
    return f"{lead}{_MENTION.sub('', kept)}".rstrip() if kept else ""


def _bare(sentence: str) -> str:
    """Without inline code, in which a hexadecimal number is a value; commands of git stay."""
    return re.sub(r"`(?!git )[^`\n]*`", " ", sentence)


def _is_patch(fence: str) -> bool:
    first, _, body = fence.strip().partition("\n")
    if re.search(r"[`~]\s*(?:diff|patch|suggestion)\b", first):
        return True
    changed = _CHANGED.findall(body)
    # Lines that begin with a minus alone are a list.
    mostly = len(changed) >= 2 and len(changed) * 2 > len(body.splitlines())
    return bool(_PATCH.search(body)) or (mostly and "+" in changed)
