"""Finds what a release's changelog says about one of its fixes.

The lines that a release adds are cut into entries; the entry that shares the rarest words with the
fix and its tests is taken, if it shares enough of them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from math import log

from data.record import Record
from envs.code.tree import Tree

MAX_ENTRY_CHARS = 1500
MAX_ENTRIES = 200
MIN_SCORE, MIN_SCORE_ALONE = 1.6, 0.8
"""About three words that few entries have; one where there is no other entry."""
MIN_LEAD = 1.15
_NAME = re.compile(
    r"(^|/)(changelog|changes|history|news|release[-_]?notes|whatsnew|changelogs?)"
    r"(/[^/]*)?(\.(md|rst|txt))?$",
    re.IGNORECASE,
)
_README = re.compile(r"^readme(\.(md|rst|txt))?$", re.IGNORECASE)
_BULLET = re.compile(r"^(\s*)([-*+\u2022]|#?\d+[.)]|#\.)\s+")
_HEADING = re.compile(r"^\s*(#+\s.*|[=\-~^\"'`*+]{3,}\s*|:\w+:.*|\.\.\s.*)$")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}|\d{3,}")
_NUMBER = re.compile(r"(?:#|gh-?|issues?[_/ #]*|bugs?[_ #]*|pull/|pr_?)(\d+)", re.IGNORECASE)
_ENDING = re.compile(r"(?<=\w{3})(ies|es|s|ed|ing)$")
_LINK_ONLY = re.compile(r"^\[[^\]]+\]:?\s*\S+$")
MIN_WORDS = 3
MAX_README_LINES = 2
"""Of an entry; a longer one tells of the whole release."""
_PART = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}")
_LINK = re.compile(r"CVE-\d{4}-\d+|(?:gh-|#)\d+|https?://[^\s)>\]]+/(?:issues|pull)/\d+")


class Entry(Record):
    """Lines `start` to `end` (from 0, end left out) of a file of the new release."""

    path: str
    start: int
    end: int


def is_changelog(path: str) -> bool:
    return bool(_NAME.search(path) or _README.match(path))


def entries(old: Tree, new: Tree, version: str) -> list[Entry]:
    """What the changelogs of `new` say that those of `old` do not, most telling file first.

    A read-me counts only for short entries that begin with the new release's version.
    """
    found: list[Entry] = []
    paths = [p for p in sorted(new) if is_changelog(p)]
    for path in sorted(paths, key=lambda p: (bool(_README.match(p)), p.count("/"), p)):
        before = _lines(old, path)
        after = _lines(new, path)
        if before == after:
            continue
        here = [e for start, end in _added(before, after) for e in _cut(path, after, start, end)]
        if _README.match(path):
            here = [
                e
                for e in here
                if text_of(e, new).startswith(f"{version} ") and e.end - e.start <= MAX_README_LINES
            ]
        if len(here) <= MAX_ENTRIES:
            found += here
    return found[:MAX_ENTRIES]


def text_of(entry: Entry, new: Tree) -> str:
    """The entry as its author wrote it, without its bullet and indentation."""
    lines = _lines(new, entry.path)[entry.start : entry.end]
    first = _BULLET.match(lines[0]) if lines else None
    if first:
        lines[0] = lines[0][first.end() :]
    return "\n".join(line.strip() for line in lines).strip()[:MAX_ENTRY_CHARS]


def links(text: str) -> tuple[str, ...]:
    """Issue numbers, CVEs and addresses of issues in a text, in its order."""
    return tuple(dict.fromkeys(_LINK.findall(text)))


def best(texts: Sequence[str], about: str, tests: str = "") -> int | None:
    """Number of the entry that speaks of what `about` (changed lines) and `tests` (names) are about.

    None where no entry shares enough, or two share about the same.
    """
    words = [_words(text) for text in texts]
    if not words:
        return None
    total = Counter(word for found in words for word in found)
    wanted, named = _words(about), _words(tests)

    def worth(word: str) -> float:
        rare = log(1 + len(words) / total[word])
        exact = 3.0 if word[0] == "#" else 1.5 if "_" in word or word != word.lower() else 1.0
        return rare * exact * (2.0 if word in named else 1.0)

    scores = [
        sum(worth(word) for word in sorted(found & (wanted | named))) / (1 + len(found)) ** 0.25
        for found in words
    ]
    top = max(range(len(scores)), key=lambda i: (scores[i], -i))
    second = max((s for i, s in enumerate(scores) if i != top), default=0.0)
    enough = MIN_SCORE if len(words) > 1 else MIN_SCORE_ALONE
    return top if scores[top] >= enough and scores[top] > MIN_LEAD * second else None


def _words(text: str) -> set[str]:
    """Whole words, the parts of compound ones without their endings, and numbers of issues."""
    found = {f"#{number}" for number in _NUMBER.findall(text)}
    for word in _WORD.findall(text):
        parts = (part.lower() for part in _PART.findall(word))
        found |= {word, *(_ENDING.sub("", part) for part in parts)}
    return {word for word in found if word.lower() not in _COMMON}


_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for not with that this from test tests when now are has have was were been use used "
        "using return returns value none true false self def class assert import name fix fixed fixes "
        "bug issue can all any its does did get set list dict str int bytes type data result expected "
        "also new add added if in is it of on or to be by a an no do thanks pull request",
    )
)


def _lines(tree: Tree, path: str) -> list[str]:
    return tree[path].content.decode(errors="replace").split("\n") if path in tree else []


def _added(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [(j1, j2) for tag, _, _, j1, j2 in matcher.get_opcodes() if tag in ("insert", "replace")]


def _cut(path: str, lines: Sequence[str], start: int, end: int) -> list[Entry]:
    """Bullets with what is indented below them, and plain paragraphs; headings are left out."""
    found: list[Entry] = []
    begin: int | None = None
    indent = 0

    def close(at: int) -> None:
        nonlocal begin
        if begin is not None and at > begin:
            text = "\n".join(lines[begin:at]).strip()
            if len(text.split()) >= MIN_WORDS and not _LINK_ONLY.match(text):
                found.append(Entry(path=path, start=begin, end=at))
        begin = None

    for at in range(start, end):
        line = lines[at]
        bullet = _BULLET.match(line)
        depth = len(line) - len(line.lstrip())
        underlined = at + 1 < len(lines) and re.fullmatch(r"[=\-~^\"'`*+]{3,}\s*", lines[at + 1])
        if _HEADING.match(line) or (underlined and not bullet):
            close(at)
        elif bullet and (begin is None or depth <= indent):
            close(at)
            begin, indent = at, depth
        elif not line.strip():
            after = lines[at + 1] if at + 1 < end else ""
            inside = after.strip() and len(after) - len(after.lstrip()) > indent
            if not (inside and begin is not None and _BULLET.match(lines[begin])):
                close(at)
        elif begin is None:
            begin, indent = at, depth
    close(end)
    return found
