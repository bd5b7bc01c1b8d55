"""Canonical JSON, content hashes and derived randomness: the base of every reproducible byte."""

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any


def canonical_json(value: Any) -> str:
    """One text for one JSON value: sorted keys, no spaces, unicode kept, NaN refused."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits; reads in blocks, so any size is fine."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def derive_rng(*parts: str | int) -> Random:
    """Independent stream for `parts`, e.g. (seed, kind, index).

    Hashing instead of adding keeps item 1 of seed 0 apart from item 0 of seed 1.
    """
    digest = hashlib.sha256(canonical_json(list(parts)).encode()).digest()
    return Random(int.from_bytes(digest, "big"))
