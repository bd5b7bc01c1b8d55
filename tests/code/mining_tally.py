"""A small project with a history in which each change is one that a miner meets, and its records."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.code.mining_api import Site, changed_file, comment, commit, issue, pull, repository
from tests.code.mining_repository import History

COUNTS = '''\
"""Counts of words."""

from collections import Counter


def merged(left, right):
    """Both counts together."""
    return Counter(left) + Counter(right)


def top(counts, number):
    """The most frequent words."""
    return [word for word, _ in Counter(counts).most_common(number)]
'''
WORDS = '''\
"""Words of a text."""


def words(text):
    return text.split(" ")


def longest(text):
    return max(words(text), key=len)
'''
SPARE = '"""Spare."""\n\nLEAST, MOST = 1, 9\n'
FIXED_MERGED = COUNTS.replace(
    "    return Counter(left) + Counter(right)\n",
    "    total = Counter(left)\n    total.update(right)\n    return total\n",
)
FIXED_TOP = FIXED_MERGED.replace(
    "    return [word for word, _ in Counter(counts).most_common(number)]\n",
    "    ranked = sorted(Counter(counts).items(), key=lambda item: (-item[1], item[0]))\n"
    "    return [word for word, _ in ranked[:number]]\n",
)
FIXED_WORDS = WORDS.replace('text.split(" ")', "text.split()")
FIXED_LONGEST = FIXED_WORDS.replace(
    "max(words(text), key=len)", 'max(words(text), key=len, default="")'
)
TEST_COUNTS = """\
from tally.counts import merged, top


def test_counts_add_up():
    assert merged({"a": 1}, {"a": 2}) == {"a": 3}


def test_the_top_word_comes_first():
    assert top({"a": 1, "b": 2}, 1) == ["b"]
"""
TEST_ZERO = """\


def test_words_that_occur_zero_times_stay():
    assert merged({"a": 0}, {"b": 1}) == {"a": 0, "b": 1}
"""
TEST_TIES = """\


def test_ties_are_in_the_order_of_the_alphabet():
    assert top({"b": 1, "a": 1}, 2) == ["a", "b"]
"""
TEST_WORDS = """\
from tally.words import longest, words


def test_words_are_parted():
    assert words("a b") == ["a", "b"]
"""
TEST_TABS = """\


def test_tabs_part_words_as_well():
    assert words("a\\tb") == ["a", "b"]
"""
TEST_EMPTY = """\


def test_an_empty_text_has_no_longest_word():
    assert longest("") == ""
"""
BASE = {
    "LICENSE": (
        "MIT License\n\nCopyright (c) 2023 Ada\n\nPermission is hereby granted, free of charge, to any person"
        " obtaining a copy, to deal in the Software without restriction, including without limitation.\n"
    ),
    "pyproject.toml": '[project]\nname = "tally"\ndynamic = ["version"]\n\n[tool.hatch.version]\npath = "src/tally/__init__.py"\n',
    "README.md": "# Tally\n",
    "src/tally/__init__.py": '__version__ = "1.2"\n',
    "src/tally/counts.py": COUNTS,
    "src/tally/words.py": WORDS,
    "src/tally/_old.py": SPARE,
    "tests/test_counts.py": TEST_COUNTS,
    "tests/test_words.py": TEST_WORDS,
}
ZERO_ISSUE = """\
<!-- Thank you! Please search first. -->
### What happened

`merged` loses words whose count is zero. I expected that they stay, as the documentation says, but
they are missing in the result. I think 1234abcd broke it. See also https://github.com/acme/tally/pull/2.

```python
>>> merged({"a": 0}, {"b": 1})
Counter({'b': 1})
```

### Suggested fix

Use `update`.

- [x] I have searched the tracker
"""
TIES_ISSUE = """\
Words of the same frequency come in the order in which they were seen, so that two runs over the same
texts give other results. I would expect the order of the alphabet among ties.

    >>> top({"b": 1, "a": 1}, 2)
    ['b', 'a']
"""
TABS_ISSUE = """\
`words` parts a text at spaces alone. With a tab between two words it returns both of them as one, which
is wrong: the counts of all texts that were pasted from tables are broken.
"""


class Tally(NamedTuple):
    clone: Path
    records: Path
    commits: dict[str, str]
    """What became of each change, by a word of ours."""


def tally(folder: Path) -> Tally:
    """Writes the repository and the file of its records."""
    history, marks = _history()
    clone = history.written(folder / "tally.git")
    commits = {word: history.hashes[mark] for word, mark in marks.items()}
    records = folder / "records.jsonl"
    lines = (json.dumps(line) + "\n" for line in _records(commits))
    records.write_text("".join(lines))
    return Tally(clone, records, commits)


def _history() -> tuple[History, dict[str, int]]:
    history, marks = History(), dict[str, int]()
    base = marks["first"] = history.commit("Begin", BASE)
    # A pull request that was merged; its own commit says what it closes.
    zero = {"src/tally/counts.py": FIXED_MERGED, "tests/test_counts.py": TEST_COUNTS + TEST_ZERO}
    tip = history.commit("Keep words that occur zero times\n\nFixes #1", zero, "zero", onto=base)
    marks["docs"] = history.commit("Say how to count", {"README.md": "# Tally\n\nCounts.\n"})
    marks["merge"] = history.commit(
        "Merge pull request #2 from bob/zero\n\nKeep zero", zero, merging=[tip]
    )
    # A squash.
    ties = {
        "src/tally/counts.py": FIXED_TOP,
        "tests/test_counts.py": TEST_COUNTS + TEST_ZERO + TEST_TIES,
    }
    marks["squash"] = history.commit(
        "Order ties by the alphabet (#4)\n\n* Sort\n* Add a test\n\nCloses #3", ties
    )
    # Taken back, and then brought again: nothing of the three is used.
    tabs = {"src/tally/words.py": FIXED_WORDS, "tests/test_words.py": TEST_WORDS + TEST_TABS}
    marks["reverted"] = history.commit("Part words at tabs (#6)\n\nFixes #5", tabs)
    undo = {"src/tally/words.py": WORDS, "tests/test_words.py": TEST_WORDS}
    marks["revert"] = history.commit(
        'Revert "Part words at tabs (#6)" (#7)\n\nReverts acme/tally#6', undo
    )
    marks["reapply"] = history.commit('Reapply "Part words at tabs"\n\nFixes #5', tabs)
    marks["silent"] = history.commit("Tidy up", {"src/tally/words.py": WORDS})
    marks["again"] = history.commit(
        "Fix splitting at tabs (#8)\n\nFixes #5",
        {"src/tally/words.py": FIXED_WORDS, "tests/test_words.py": TEST_WORDS + "\n" + TEST_TABS},
    )
    marks["tests"] = history.commit(
        "Fix a flaky test", {"tests/test_more.py": "def test_more():\n    pass\n"}
    )
    marks["bot"] = history.commit(
        "Bump pytest from 8.0 to 8.1 (#9)",
        {"src/tally/extra.py": "PIN = 1\n", "tests/test_extra.py": "def test_pin():\n    pass\n"},
        author="dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
    )
    marks["feature"] = history.commit(
        "feat: add shortest (#11)",
        {
            "src/tally/short.py": "def shortest(words):\n    return min(words, key=len)\n",
            "tests/test_short.py": 'from tally.short import shortest\n\n\ndef test_shortest():\n    assert shortest(["a", "bb"]) == "a"\n',
        },
    )
    marks["binary"] = history.commit(
        "Read latin-1 (#13)\n\nFixes #12",
        {
            "src/tally/extra.py": "PIN = 2\n",
            "tests/test_extra.py": "def test_pin():\n    assert 1\n",
            "tests/data.bin": b"\x00\xff\xfe",
        },
    )
    marks["odd path"] = history.commit(
        "Read caf\u00e9 (#15)\n\nFixes #14",
        {
            "src/tally/extra.py": "PIN = 3\n",
            "tests/test_extra.py": "def test_pin():\n    assert 2\n",
            b"tests/caf\xe9.txt": "x",
        },
    )
    # A rebased pull request of two commits, and a rename on the way.
    marks["part"] = history.commit(
        "Move what is spare", {"src/tally/_old.py": None, "src/tally/_new.py": SPARE}
    )
    marks["rebased"] = history.commit(
        "An empty text has no longest word\n\nFixes #16",
        {
            "src/tally/words.py": FIXED_LONGEST,
            "tests/test_words.py": TEST_WORDS + TEST_TABS + TEST_EMPTY,
        },
    )
    # Its test imports a module that only the fix knows of.
    marks["moved"] = history.commit(
        "Fix where words are (#23)\n\nFixes #22",
        {
            "src/tally/words.py": None,
            "src/tally/text.py": FIXED_LONGEST.replace("key=len", "key=str.__len__"),
            "tests/test_words.py": None,
            "tests/test_text.py": TEST_WORDS.replace("tally.words", "tally.text"),
        },
    )
    marks["comments"] = history.commit(
        "Fix the docstring of top (#19)\n\nFixes #18",
        {
            "src/tally/counts.py": FIXED_TOP.replace(
                "The most frequent words.", "Most frequent words first."
            ),
            "tests/test_counts.py": TEST_COUNTS + TEST_ZERO + TEST_TIES + "\n# More.\n",
        },
    )
    marks["sync"] = history.commit(
        "Merge branch 'main' of https://github.com/acme/tally",
        {"src/tally/extra.py": "PIN = 4\n", "tests/test_extra.py": "def test_pin():\n    assert 3\n"}, merging=[tip],
    )  # fmt: skip
    marks["backport"] = history.commit(
        "[1.x] Fix pins (#21)\n\n(cherry picked from commit 1234567890)",
        {
            "src/tally/extra.py": "PIN = 5\n",
            "tests/test_extra.py": "def test_pin():\n    assert 4\n",
        },
    )
    return history, marks


def _records(commits: dict[str, str]) -> list[dict[str, Any]]:
    bodies = {
        1: ZERO_ISSUE,
        3: TIES_ISSUE,
        5: TABS_ISSUE,
        12: TABS_ISSUE,
        14: TABS_ISSUE,
        16: _EMPTY,
        18: _EMPTY,
        22: _EMPTY,
    }
    data: list[tuple[str, dict[str, Any]]] = [("repository", repository())]
    titles = {
        1: "[Bug]: merged loses zero counts",
        3: "order of ties",
        16: "longest fails for an empty text",
    }
    data += [("issue", issue(n, titles.get(n, f"Issue {n}"), body)) for n, body in bodies.items()]
    data += [
        ("pull", pull(2, "Keep zero", "Closes the hole.", commits["merge"])),
        ("pull", pull(4, "Order ties by the alphabet", "Closes #3", commits["squash"])),
        ("pull", pull(17, "Longest of nothing", "Fixes #16", commits["rebased"])),
        (
            "comment",
            comment(
                1, 1, "It happens with `Counter` objects as well, not only with plain dictionaries."
            ),
        ),
        ("comment", comment(2, 1, "Fixed by #2.", "ada")),
        ("comment", comment(3, 1, "Released in 1.3, thank you.", created="2024-05-01T10:00:00Z")),
    ]
    parts = [
        commit("4" * 40, "Move what is spare"),
        commit("5" * 40, "An empty text has no longest word\n\nFixes #16"),
    ]
    data.append(("pull_commits", {"number": 17, "commits": parts}))
    data.append(
        (
            "pull_files",
            {
                "number": 2,
                "files": [changed_file(p) for p in ("src/tally/counts.py", "tests/test_counts.py")],
            },
        )
    )
    return [{"record": kind, "repository": "acme/tally", "data": item} for kind, item in data]


_EMPTY = """\
`longest("")` raises `ValueError: max() arg is an empty sequence`. I expected an empty string for a text
that has no words at all, since that is what the other functions of this module return.
"""


def site(repo: Tally) -> Site:
    """A server that has the records of the repository."""
    made = Site(page_size=3)
    root = "/repos/acme/tally"
    lists: dict[str, list[Any]] = {name: [] for name in ("issues", "pulls", "issues/comments")}
    for line in map(json.loads, repo.records.read_text().splitlines()):
        kind, data = line["record"], line["data"]
        if kind == "repository":
            made.objects[root] = data
        elif kind in ("pull_commits", "pull_files"):
            name = kind.removeprefix("pull_")
            made.lists[f"{root}/pulls/{data['number']}/{name}"] = data[name]
        else:
            lists["issues/comments" if kind == "comment" else f"{kind}s"].append(data)
    for pull_request in lists["pulls"]:
        for name in ("commits", "files"):
            made.lists.setdefault(f"{root}/pulls/{pull_request['number']}/{name}", [])
    made.lists |= {f"{root}/{name}": items for name, items in lists.items()}
    return made
