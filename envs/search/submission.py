"""The final message of a search attempt, made of what a person types."""

import json
from collections.abc import Sequence

from pydantic import JsonValue

from data.hashing import canonical_json


def final_message(words: Sequence[str], state: JsonValue) -> str:
    """The answer and the cited documents as one JSON object.

    `words` are the answer followed by ids of documents. Without ids, the document that was opened
    last is cited.
    """
    opened = state["opened"] if isinstance(state, dict) else None
    assert isinstance(opened, list), "the state of a search world lists what was opened"
    end = len(words)
    while end > 1 and words[end - 1] in opened:
        end -= 1
    cited: list[JsonValue] = list(words[end:]) or opened[-1:]
    return canonical_json({"answer": _answer(" ".join(words[:end])), "evidence": cited})


def _answer(text: str) -> JsonValue:
    """A list or a number if `text` is one, else text."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, list | int | float) else text
