"""What the messages of commits and pull requests refer to: issues, pull requests, other commits.

The nine keywords of GitHub count, before `#12`, `GH-12`, `owner/name#12` or an issue's address. A list
behind one keyword (`Fixes #1, #2 and #3`) counts as a whole: GitHub closes the first alone, but that is
not what its author meant. What stands in code or in a hidden comment, as in templates, refers to nothing.
"""

import re
from typing import NamedTuple

_ISSUE = (
    r"(?:(?P<repo{0}>[\w.-]+/[\w.-]+)?\#|\bGH-"
    r"|https?://[\w.-]+/(?P<site{0}>[\w.-]+/[\w.-]+)/issues/)(?P<number{0}>\d{{1,9}})\b"
)
_KEYWORD = r"(?<![\w./#-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b"
_CLOSING = re.compile(
    rf"{_KEYWORD}:?\s*(?:(?:the\s+)?(?:issue|bug)s?:?\s*)?(?P<all>{_ISSUE.format(0)}"
    rf"(?:\s*(?:,|;|&|\band\b|,\s*and\b)\s*(?:{_KEYWORD}:?\s*)?{_ISSUE.format(1)})*)",
    re.IGNORECASE,
)
_ONE = re.compile(_ISSUE.format(""), re.IGNORECASE)
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|^(```|~~~).*?(?:^\1|\Z)|`[^`\n]*`", re.DOTALL | re.MULTILINE
)
_MERGED = re.compile(r"Merge (?:pull request|PR) #(\d{1,9})\b")
_SQUASHED = re.compile(r"\((?:#|GH-)(\d{1,9})\)\s*$")
_SYNC = re.compile(
    r"Merge (?:remote-tracking )?branch(?:es)? '?(?:origin/|upstream/)?"
    r"(?:main|master|trunk|develop|dev)'?(?: of \S+)?(?: into \S+)?$"
)
_REVERT = re.compile(
    r"^(?:Revert\b|Reapply\b|revert[:(])|\bThis reverts (?:commit|PR|pull request)\b", re.M
)
_REVERTED = re.compile(
    r"\bThis reverts commit ([0-9a-f]{7,64})\b|\bReverts (?:[\w.-]+/[\w.-]+)?#(\d{1,9})\b"
)
_PICKED = re.compile(
    r"\(cherry[- ]picked from commit ([0-9a-f]{7,64})\)|\bcherry[- ]pick(?:ed)? ", re.I
)
_BACKPORT = re.compile(
    r"^\s*\[?(?:manual\s+)?back-?port\b|\(backport #\d+\)|\bback-?port(?:s|ed)? (?:of )?(?:PR )?#\d+"
    r"|^\s*\[(?:v?\d+\.[\dx]+(?:\.[\dx]+)?|release[-/][\w.]+)\]\s",
    re.IGNORECASE | re.MULTILINE,
)


class Undone(NamedTuple):
    """What a revert takes back: commits by (the start of) their hash, pull requests by number."""

    commits: tuple[str, ...]
    pulls: tuple[int, ...]


def visible(text: str) -> str:
    """`text` without hidden comments and code, in which nothing refers to anything."""
    return _HIDDEN.sub(" ", text.replace("\r\n", "\n"))


def closed_issues(text: str, repository: str = "") -> frozenset[int]:
    """Numbers of the issues that `text` says are closed, of `repository` (`owner/name`) alone.

    Where the repository's name is not known, only references without a name count.
    """
    found = set()
    for closing in _CLOSING.finditer(visible(text)):
        for one in _ONE.finditer(closing["all"]):
            name = one["repo"] or one["site"] or repository
            if name.lower() == repository.lower():
                found.add(int(one["number"]))
    return frozenset(found)


def pull_number(message: str, merge: bool) -> int:
    """The pull request that a commit on the main line brought; 0 where its message names none."""
    subject = message.partition("\n")[0]
    found = _MERGED.match(subject) if merge else _SQUASHED.search(subject)
    return int(found[1]) if found else 0


def is_sync(message: str) -> bool:
    """Whether a merge only brought a branch up to date with the main line."""
    return bool(_SYNC.match(message.partition("\n")[0]))


def is_revert(message: str) -> bool:
    return bool(_REVERT.search(message))


def undone(message: str) -> Undone:
    """What `message` says is taken back."""
    found = _REVERTED.findall(message)
    commits = tuple(commit for commit, _ in found if commit)
    return Undone(commits, tuple(int(pull) for _, pull in found if pull))


def is_backport(message: str) -> bool:
    """Whether the change was made for another branch first."""
    return bool(_PICKED.search(message) or _BACKPORT.search(message))
