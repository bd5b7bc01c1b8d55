"""Where this machine gets its Debian packages from: what an image can be made of."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.errors import EnvironmentFault

APT = Path("/etc/apt")
RELEASE = Path("/etc/os-release")
_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<rest>.+)$"
)


class Mirror(NamedTuple):
    uri: str
    suite: str
    components: tuple[str, ...]
    keyring: str = ""
    """File with the keys that the mirror's indices are signed by; empty for the system's own."""


def machine_mirror(apt: Path = APT, release: Path = RELEASE) -> Mirror:
    """The mirror of this machine's own distribution.

    Raises `EnvironmentFault` where it has none, or is no Debian.
    """
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", release.read_text(), re.MULTILINE)
    suite = found[1] if found else ""
    for mirror in _mirrors(apt):
        if mirror.suite == suite:
            return mirror
    raise EnvironmentFault(
        f"no package mirror for {suite or 'this distribution'} in {apt}; images of toolchains are "
        "made on Debian and its children"
    )


def _mirrors(apt: Path) -> Iterator[Mirror]:
    for path in sorted([*apt.glob("sources.list.d/*.sources"), *apt.glob("*.sources")]):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            yield from _stanza(stanza)
    for path in sorted([*apt.glob("sources.list"), *apt.glob("sources.list.d/*.list")]):
        for line in path.read_text().splitlines():
            if found := _LINE.match(line.strip()):
                signed = re.search(r"signed-by=(\S+)", found["options"] or "")
                key = signed[1] if signed else ""
                yield Mirror(found["uri"], found["suite"], tuple(found["rest"].split()), key)


def _stanza(text: str) -> Iterator[Mirror]:
    """The mirrors of one paragraph in deb822 form."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    fields = dict(line.partition(":")[::2] for line in lines if re.match(r"[\w-]+:", line))
    given = {name.lower(): value.split() for name, value in fields.items()}
    if "deb" not in given.get("types", []) or given.get("enabled") == ["no"]:
        return
    key = " ".join(given.get("signed-by", []))
    for uri in given.get("uris", []):
        for suite in given.get("suites", []):
            yield Mirror(uri, suite, tuple(given.get("components", [])), key)
