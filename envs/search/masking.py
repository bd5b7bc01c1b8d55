"""Takes names and initials out of a question, so that patterns meet only its plain words."""

import re
from collections.abc import Callable
from typing import NamedTuple

from envs.search.clues import names_in
from envs.search.words import is_cjk

_QUOTED = re.compile(
    r'"([^"]+)"( \(\d{4}[^()]*\))?|\u201c([^\u201d]+)\u201d|\u300a([^\u300b]+)\u300b( *\(\d{4}[^()]*\))?'
)
_INITIALS = re.compile(r"(initials |首字母依次为 *)((?:[^\W\d_]\.(?:\s|(?=\W|$|[^A-Z]))|\d\s)+)")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f][^\u3000-\u303f\u3400-\u9fff\uff00-\uffef<>{}]*")
_NO_NAME = re.compile(
    r"I\b|Metascore|Oscar|MPAA|Name\b|Help\b|Here\b|Of\b|There\b|Tell\b|Identify\b|Find\b|Give\b"
    r"|Which\b|Who\b|One\b|In\b|Picture\b|These\b|List\b|Make\b|Let\b|My\b|Someone\b|More\b|Going\b|According\b"
)
_TONGUE = re.compile(r"(?:-language| dialogue| among (?:its|their) languages| as a language)")
_RATING = re.compile(r"(?:rated|rating of|[为是]) ?$| (?:[A-Z\d-]+) 级")


_Namer = Callable[[str], str]


class Masked(NamedTuple):
    text: str
    """Names stand as "<3>", initials as "{3}"; angle and curly brackets of the question are gone."""
    names: list[str]
    initials: list[str]
    """Letters only, e.g. "JOS"."""


def mask(question: str) -> Masked:
    names: list[str] = []
    initials: list[str] = []

    def name(text: str) -> str:
        names.append(text.strip())
        return f"<{len(names) - 1}>"

    def quoted(match: re.Match[str]) -> str:
        title = next(group for group in match.groups() if group and group.strip())
        return name(title + (match[2] or match[5] or "").rstrip())

    def letters(match: re.Match[str]) -> str:
        initials.append("".join(filter(str.isalnum, match[2])))
        # The full stop of the last initial also ends the sentence before a capital.
        end = ". " if re.match(r"[A-Z]|$", match.string[match.end() :]) else " "
        return f"{match[1]}{{{len(initials) - 1}}}{end}"

    text = re.sub(r"[<>{}]", " ", question)
    text = _INITIALS.sub(letters, _QUOTED.sub(quoted, text))
    if is_cjk(re.sub(r"<\d+>", "", text)):
        return Masked(_LATIN.sub(lambda m: _latin(m, name), text), names, initials)
    for found in sorted(names_in(text), key=len, reverse=True):
        if (
            not _NO_NAME.match(found)
            and not found.endswith("-language")
            and "{" not in found
            and "<" not in found
        ):
            pattern = re.compile(rf"(?<![\w<{{]){re.escape(found)}(?![\w>}}])(?!{_TONGUE.pattern})")
            text = pattern.sub(lambda m: _plain(m, name), text)
    return Masked(text, names, initials)


def _plain(match: re.Match[str], name: _Namer) -> str:
    rated = _RATING.search(match.string[: match.start()])
    return match[0] if rated else name(match[0])


def _latin(match: re.Match[str], name: _Namer) -> str:
    """A run of Latin letters in Chinese text is a name, but for a few words."""
    rated = re.match(r" ?级", match.string[match.end() :])
    return match[0] if rated or _NO_NAME.match(match[0]) else f"{name(match[0])} "
