"""The final message of an interpreter attempt, made of what a person types."""

import json
from collections.abc import Sequence

from pydantic import JsonValue

from data.hashing import canonical_json


def final_message(words: Sequence[str], state: JsonValue) -> str:
    """One JSON object with the answer: JSON if the words are JSON, else text."""
    del state  # The answer is also read from the kernel, which the person has filled.
    text = " ".join(words)
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        value = text
    return canonical_json({"answer": value})
