"""The licence of a repository, as an SPDX identifier: from its file, its metadata, or the API."""

import re
from collections.abc import Mapping

from envs.code.tree import File

_FILE = re.compile(r"^(licen[cs]e|copying|unlicense)([-_.][\w.-]+)?$", re.IGNORECASE)
_MAX_READ = 64 << 10
_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnu affero general public license", "version 3")),
    ("LGPL-2.1", ("gnu lesser general public license", "version 2.1")),
    ("LGPL-3.0", ("gnu lesser general public license", "version 3")),
    ("GPL-3.0", ("gnu general public license", "version 3")),
    ("GPL-2.0", ("gnu general public license", "version 2")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("PSF-2.0", ("python software foundation license",)),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("0BSD", ("permission to use, copy, modify, and/or distribute", "bsd zero")),
    ("ISC", ("permission to use, copy, modify, and/or distribute", "appear in all copies")),
    (
        "ISC",
        ("permission to use, copy, modify, and distribute this software", "appear in all copies"),
    ),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction")),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "endorse or promote")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("Unlicense", ("this is free and unencumbered software",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("WTFPL", ("do what the fuck you want to public license",)),
    ("Zlib", ("the origin of this software must not be misrepresented",)),
)
_METADATA = re.compile(
    r"^\s*license\s*=\s*(?:\{\s*text\s*=\s*)?[\"']?([\w.+ -]{2,60}?)[\"']?\s*\}?,?\s*$",
    re.MULTILINE,
)
_UNSAID = ("", "NOASSERTION", "OTHER", "UNKNOWN", "NONE")


def licence(tree: Mapping[str, File], stated: str = "") -> str:
    """'' where none is told. `stated` is what the API says of the whole repository."""
    for path in sorted(filter(_FILE.match, tree), key=lambda name: (len(name), name)):
        text = tree[path].content[:_MAX_READ].decode(errors="replace").lower()
        words = " ".join(text.split())
        for name, phrases in _PHRASES:
            if all(phrase in words for phrase in phrases):
                return name
    if stated.upper() not in _UNSAID:
        return stated
    for path in ("pyproject.toml", "setup.cfg", "setup.py", "package.json"):
        file = tree.get(path)
        found = (
            _METADATA.search(file.content[:_MAX_READ].decode(errors="replace")) if file else None
        )
        if found and found[1].upper() not in _UNSAID:
            return found[1]
    return ""
