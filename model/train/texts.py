"""Plain text for the first two stages: sources and documents of installed packages.

    python -m model.train.texts runs/text --mib 80

Only packages under licences that allow it (MIT, BSD, Apache-2.0, ISC, PSF, 0BSD, Unlicense) are read.
Nothing of it is shipped; a packed file of its tokens travels to the machine that trains.
"""

import argparse
import logging
import random
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from data.hashing import derive_rng

SUFFIXES = (".py", ".md", ".rst", ".txt")
MIN_BYTES, MAX_BYTES = 1500, 200_000
"""Of a file: shorter ones are boilerplate, longer ones mostly tables."""
PIECE_BYTES = 900_000
PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|0BSD|Unlicense)\b")
REFUSED = re.compile(r"\b(A?L?GPL|GNU|Mozilla|MPL|EUPL|Creative Commons|CC-BY)\b", re.IGNORECASE)


def permissive(distribution: Distribution) -> bool:
    """Whether the metadata names a permissive licence and no other."""
    meta = distribution.metadata
    said = [c for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    said += meta.get_all("License-Expression") or []
    said += [line[:200] for line in meta.get_all("License") or []]
    text = " ".join(said)
    return bool(PERMISSIVE.search(text)) and not REFUSED.search(text)


def files(distribution: Distribution) -> Iterator[Path]:
    """Text files of a package, in order of path."""
    for entry in sorted(distribution.files or []):
        path = Path(str(distribution.locate_file(entry)))
        wanted = path.suffix in SUFFIXES and path.is_file()
        if wanted and MIN_BYTES <= path.stat().st_size <= MAX_BYTES:
            yield path


def texts(rng: random.Random, max_bytes: int) -> Iterator[str]:
    """Texts of permissive packages in a mixed order, at most `max_bytes` in all."""
    found = [
        path
        for distribution in sorted(distributions(), key=lambda d: d.name)
        if permissive(distribution)
        for path in files(distribution)
    ]
    rng.shuffle(found)
    left = max_bytes
    for path in found:
        text = path.read_text("utf-8", errors="replace")
        left -= len(text)
        if left < 0:
            return
        yield text


def gather(folder: Path, max_bytes: int, seed: int = 0) -> int:
    """Writes pieces of text files into `folder`; the number of characters written."""
    folder.mkdir(parents=True, exist_ok=True)
    piece: list[str] = []
    size = total = number = 0
    for text in texts(derive_rng("texts", seed), max_bytes):
        piece.append(text)
        size += len(text.encode())
        total += len(text)
        if size > PIECE_BYTES:
            (folder / f"{number:05d}.txt").write_text("\n\n".join(piece))
            piece, size, number = [], 0, number + 1
    (folder / f"{number:05d}.txt").write_text("\n\n".join(piece))
    return total


def main() -> int:
    """Writes the text and says how much it is."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="model.train.texts", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mib", type=int, default=80)
    given = parser.parse_args()
    total = gather(given.folder, given.mib << 20)
    logging.info("%s million characters in %s", total // 1_000_000, given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
