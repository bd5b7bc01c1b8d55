"""The final message of a code attempt, made of what a person types."""

from collections.abc import Sequence

from pydantic import JsonValue


def final_message(words: Sequence[str], state: JsonValue) -> str:
    """The words themselves; what counts is the working copy. Without any, what was changed."""
    if words:
        return " ".join(words)
    files = state.get("files") if isinstance(state, dict) else None
    changed = ", ".join(files) if isinstance(files, dict) and files else "nothing"
    return f"Changed: {changed}."
