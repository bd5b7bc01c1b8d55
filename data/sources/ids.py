"""Document ids that are stable and tell nothing of what they name."""

from collections.abc import Callable
from hashlib import sha256

from data.errors import SourceError


def id_maker(source: str, prefix: str) -> Callable[[str], str]:
    """Makes `<prefix>-<10 hex digits>` from native keys; raises where two keys would share one."""
    taken: dict[str, str] = {}

    def make(key: str) -> str:
        made = f"{prefix}-{sha256(key.encode()).hexdigest()[:10]}"
        if taken.setdefault(made, key) != key:
            raise SourceError(
                f"source {source}: {key!r} and {taken[made]!r} would share the id {made};"
                " ids need more digits"
            )
        return made

    return make
