"""Whether a text names the tests or the fix of a bug.

A reader may learn what was run and what came of it, and nothing else: not where the change is, not
what it says, not how the bug was made, not what the hidden tests are called.
"""

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import PurePosixPath

from envs.code.trees import origin_tree
from synth.code.bug import Bug

NGRAM = 5
"""Tokens of a changed line in a row that are no coincidence."""
MIN_WORDS = 2
"""Names and literals among them."""
_WORD = re.compile(r"[A-Za-z_]\w*")
_EVERYDAY = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"self", "cls", "print"}
_TEST_NAME = re.compile(r"\b(?:test_\w+|\w+_test|Test[A-Z]\w*|\w+TestCase|conftest|pytest)\b")


def leaks(text: str, bug: Bug, shown: str = "") -> tuple[str, ...]:
    """What `text` gives away, in a few words each; `shown` is evidence that it may quote."""
    found = [f"a test is named: {name}" for name in _unquoted(_TEST_NAME, text, shown)]
    # In other languages than Python programs name the files that they import.
    quoted = shown if bug.toolchain.name != "python" else ""
    found += [
        f"a file is named: {name}"
        for name in _files(bug)
        if _has(text, name) and not _has(quoted, name)
    ]
    found += [
        f"how the bug was made: {name}"
        for name in bug.story.operators
        if _has(text, name) or ("_" in name and _has(text, name.replace("_", " ")))
    ]
    named = _code_words(text) - set(_WORD.findall(shown))
    found += [f"a name of the change: {name}" for name in sorted(named & _changed_names(bug))]
    found += [f"code of the change: {' '.join(gram)}" for gram in _grams(text, bug, shown)]
    return tuple(dict.fromkeys(found))


def _unquoted(pattern: re.Pattern[str], text: str, shown: str) -> list[str]:
    return [name for name in pattern.findall(text) if name not in shown]


def _has(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", text, re.IGNORECASE) is not None


def _files(bug: Bug) -> list[str]:
    """Paths and names of changed files and of test modules, with their dotted forms."""
    found: list[str] = []
    for path in (*bug.gold, *bug.buggy, *bug.modules, *bug.tests):
        name = PurePosixPath(path).name
        found += [path, *([name] if name != "__init__.py" else [])]
        if path in bug.modules:
            found.append(PurePosixPath(path).stem)
    return [name for name in dict.fromkeys(found) if len(name) > 4]


def _code_words(text: str) -> set[str]:
    """Words in code, and words in prose that only code writes so."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    words = set(_WORD.findall(" ".join(code)))
    prose = re.sub(r"```.*?```|`[^`\n]+`", " ", text, flags=re.DOTALL)
    return words | {w for w in _WORD.findall(prose) if "_" in w or re.search(r"[a-z][A-Z]", w)}


def changed_lines(bug: Bug) -> tuple[list[str], list[str]]:
    """Lines that only the fixed files have, and lines that only the buggy ones have.

    Raises `TaskError` if the origin, which has the bug where nothing was injected, is gone.
    """
    fixed: list[str] = []
    buggy: list[str] = []
    for path in sorted({*bug.gold, *bug.buggy}):
        good, bad = bug.gold.get(path) or "", _before(bug, path)
        one, other = good.splitlines(), bad.splitlines()
        same = _common(one, other)
        last = _common(one[same:][::-1], other[same:][::-1])
        one, other = one[same : len(one) - last], other[same : len(other) - last]
        matcher = SequenceMatcher(None, one, other)
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag != "equal":
                fixed += one[a:b]
                buggy += other[c:d]
    return fixed, buggy


def _before(bug: Bug, path: str) -> str:
    """A file as it is with the bug; empty where there is none."""
    if path in bug.buggy:
        return bug.buggy[path] or ""
    file = origin_tree(bug.origin, bug.tree_sha256).get(path)
    return file.content.decode(errors="replace") if file else ""


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Number of equal items at the start."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _changed_names(bug: Bug) -> set[str]:
    """Identifiers that one side of the change has and the other has not, or both on its lines."""
    fixed, buggy = changed_lines(bug)
    names = {word for line in (*fixed, *buggy) for word in _WORD.findall(line)}
    return {name for name in names if name not in _EVERYDAY and len(name) > 1}


def _grams(text: str, bug: Bug, shown: str) -> Iterator[tuple[str, ...]]:
    """Runs of tokens of changed lines that the text has and the evidence has not."""
    words = re.findall(r"\w+|[^\w\s]", text)
    said = set(_runs(words)) - set(_runs(re.findall(r"\w+|[^\w\s]", shown)))
    fixed, buggy = changed_lines(bug)
    for line in (*fixed, *buggy):
        for gram in _runs(re.findall(r"\w+|[^\w\s]", line)):
            if gram in said and sum(bool(_WORD.fullmatch(t)) for t in gram) >= MIN_WORDS:
                yield gram


def _runs(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(len(tokens) - NGRAM + 1):
        yield tuple(tokens[start : start + NGRAM])
