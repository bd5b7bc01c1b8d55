"""What an author of either family hands over: a task without its frame."""

from typing import NamedTuple

from data.task import Hidden, Message


class Written(NamedTuple):
    messages: tuple[Message, ...]
    hidden: Hidden
    measures: dict[str, float]
    fingerprint: str
    """Identity of the problem whatever its wording."""
