"""What must stand nowhere in what an agent is given: the fix, and the tests that ask for it."""

import difflib
import json
from collections.abc import Iterator, Sequence

from envs.code.spec import Files
from envs.code.tree import Tree
from synth.code.draft import text_of

AROUND = 1
"""Lines beside a change that make it recognisable."""
MIN_CHARS = 12
"""A shorter name or piece of code occurs by chance."""


def secrets(
    tree: Tree, gold: Files, tests: Sequence[str], modules: Sequence[str]
) -> tuple[str, ...]:
    """Pieces of the fix and names of hidden tests that `tree`, the agent's, does not have anyway.

    Each as it is, and as it would stand in JSON.
    """
    known = "\n".join(_plain(file.content.decode(errors="replace")) for file in tree.values())
    names = {test.partition("::")[2].partition("[")[0] for test in tests}
    wanted = [*_pieces(tree, gold), *sorted(names)]
    found = [text for text in wanted if len(text) >= MIN_CHARS and _plain(text) not in known]
    return tuple(dict.fromkeys(form for text in found for form in (text, json.dumps(text)[1:-1])))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _pieces(tree: Tree, gold: Files) -> Iterator[str]:
    """The changed places as the fix has them, with a line around."""
    for path, after in sorted(gold.items()):
        old = (text_of(tree, path) or "").splitlines()
        new = (after or "").splitlines()
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for tag, _, _, first, last in matcher.get_opcodes():
            if tag != "equal":
                yield "\n".join(new[max(0, first - AROUND) : last + AROUND])
