"""The licence of a source distribution, as its own metadata state it; only permissive ones pass."""

import re

from packaging.metadata import parse_email

from data.errors import SourceError
from envs.code.tree import Tree

_CLASSIFIED = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Zope Public License": "ZPL-2.1",
    "Academic Free License (AFL)": "AFL-3.0",
    "zlib/libpng License": "Zlib",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
}
_STATED = (
    (r"\bmit\b|expat", "MIT"),
    (r"apache.{0,20}2|^apache", "Apache-2.0"),
    (r"bsd.{0,4}2|2.clause", "BSD-2-Clause"),
    (r"bsd", "BSD-3-Clause"),
    (r"^isc", "ISC"),
    (r"^psf|python software foundation", "PSF-2.0"),
    (r"unlicense", "Unlicense"),
)
PERMISSIVE = frozenset({*_CLASSIFIED.values(), "BSD-2-Clause", "0BSD", "Python-2.0", "MIT-CMU"})
_FILE = re.compile(r"^(licen[cs]e|copying|unlicense)[^/]*$|^[^/]*/?licenses?/[^/]+$", re.IGNORECASE)


def licence(tree: Tree) -> tuple[str, str]:
    """SPDX expression and the file that has the text; '' where none has.

    Raises `SourceError` where it is not stated, or not permissive.
    """
    raw, _ = parse_email(tree["PKG-INFO"].content if "PKG-INFO" in tree else b"")
    stated = _expression(raw.get("license_expression") or "") or _classified(
        raw.get("classifiers", [])
    )
    stated = stated or _recognised(raw.get("license") or "")
    if not stated:
        raise SourceError("licence: it states none that we know as permissive")
    files = [path for path in sorted(tree) if _FILE.match(path)]
    return stated, files[0] if files else ""


def _expression(text: str) -> str:
    if not text:
        return ""
    used = set(re.findall(r"[A-Za-z0-9.+-]+", text)) - {"AND", "OR", "WITH"}
    if not used <= PERMISSIVE:
        raise SourceError(f"licence: {text[:60]} is not one that we take")
    return text


def _classified(classifiers: list[str]) -> str:
    names = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::")]
    names = [name for name in names if name != "OSI Approved"]
    unknown = [name for name in names if name not in _CLASSIFIED]
    if unknown:
        raise SourceError(f"licence: {unknown[0][:60]} is not one that we take")
    return " AND ".join(sorted({_CLASSIFIED[name] for name in names}))


def _recognised(text: str) -> str:
    line = text.strip().split("\n")[0].lower()[:60]
    if re.search(r"gpl|gnu|mozilla|mpl|share", line):
        raise SourceError(f"licence: {line} is not one that we take")
    return next((spdx for pattern, spdx in _STATED if re.search(pattern, line)), "")
