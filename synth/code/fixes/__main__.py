"""The catalogue's own command.

    python -m synth.code.fixes mine PROJECT... [--debian] [--pairs 12] [--bugs 8]
    python -m synth.code.fixes check [PROJECT...]
    python -m synth.code.fixes table

`mine` tries pairs of releases (with --debian: the patch series of source packages), verifies what it
finds and adds it to the catalogue; what was tried before is not tried again. `check` makes every bug
again and runs its tests three times a side. `table` prints yields and reasons as Markdown.
"""

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.errors import PalaestraError
from envs.code.cache import cache_root
from synth.code import fixes
from synth.code.draft import Rejected
from synth.code.fixes import miner
from synth.code.fixes.miner import (
    HOPELESS,
    MAX_FRUITLESS,
    SERIES,
    UNTOUCHED,
    Journal,
    Mined,
    Tried,
)

PLACE = Path(fixes.__file__).with_name(fixes.FILE)


def main(arguments: Sequence[str]) -> int:
    """0 done, 1 user error in one line, 2 usage."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    parser = argparse.ArgumentParser(prog="python -m synth.code.fixes")
    parser.add_argument("--file", type=Path, default=PLACE, help="the catalogue")
    parser.add_argument("--journal", type=Path, help="default: mined.jsonl in the cache folder")
    commands = parser.add_subparsers(dest="command", required=True)
    mine = commands.add_parser("mine", help="find, verify and add bugs")
    mine.add_argument("projects", nargs="+")
    mine.add_argument("--debian", action="store_true", help="names are Debian source packages")
    mine.add_argument("--pairs", type=int, default=12, help="pairs of releases a project")
    mine.add_argument("--bugs", type=int, default=8, help="stop at so many bugs of a project")
    check = commands.add_parser("check", help="make all bugs again and run their tests")
    check.add_argument("projects", nargs="*")
    commands.add_parser("table", help="yields by project and reasons of refusal")
    given = parser.parse_args(arguments)
    journal = Journal(given.journal or cache_root() / "mined.jsonl")
    try:
        if given.command == "mine":
            return _mine(given, journal)
        if given.command == "check":
            return _check(given)
        sys.stdout.write(table(journal.tried))
    except PalaestraError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _mine(given: argparse.Namespace, journal: Journal) -> int:
    for project in dict.fromkeys(given.projects):
        for mined in _of(project, given, journal):
            if mined.entries:
                known = fixes.read(given.file.read_text()) if given.file.is_file() else ()
                fixes.write([*known, *mined.entries], given.file)
            journal.add(mined.tried)
            _show(mined.tried)
    return 0


def _of(project: str, given: argparse.Namespace, journal: Journal) -> Iterator[Mined]:
    """What is left to try of a project, tried one by one."""
    if given.debian:
        if not journal.has(project, SERIES):
            yield miner.mine_series(project)
        return
    try:
        pairs = miner.pairs(project)[: given.pairs]
    except PalaestraError as error:
        yield Mined(
            Tried(project=project, what="", found=0, verified=0, refusal=str(error), reports={}), ()
        )
        return
    for old, new in pairs:
        if is_done(journal.of(project), given.bugs):
            return
        if not journal.has(project, f"{old.version}..{new.version}"):
            yield miner.mine_pair(old, new)


def is_done(tried: Sequence[Tried], num_bugs: int) -> bool:
    """Whether a project has given enough, or is given up."""
    pairs = [t for t in tried if t.what not in ("", SERIES)]
    last = [t for t in pairs if t.word not in UNTOUCHED][-MAX_FRUITLESS:]
    return (
        sum(t.verified for t in pairs) >= num_bugs
        or any(t.word in HOPELESS for t in pairs)
        or (len(last) == MAX_FRUITLESS and not any(t.verified for t in last))
    )


def _check(given: argparse.Namespace) -> int:
    failed = 0
    for entry in fixes.read(given.file.read_text()):
        if given.projects and entry.project not in given.projects:
            continue
        try:
            miner.verify(entry)
        except (PalaestraError, Rejected) as error:
            failed += 1
            sys.stdout.write(f"{' '.join(entry.key)}: {error}\n")
    sys.stderr.write(f"{failed} entries failed\n")
    return 1 if failed else 0


def _show(tried: Tried) -> None:
    reports = ", ".join(f"{word} {count}" for word, count in tried.reports.items())
    sys.stderr.write(
        f"{tried.project} {tried.what}: {tried.verified} of {tried.found} bugs"
        f"{f', {tried.refusal}' if tried.refusal else ''}{f' ({reports})' if reports else ''}\n"
    )


def table(tried: Sequence[Tried]) -> str:
    """Markdown: bugs by project, then reasons."""
    lines = ["| project | tried | with bugs | bugs |", "|---|---|---|---|"]
    for project in sorted({t.project for t in tried}):
        mine = [t for t in tried if t.project == project]
        verified = sum(t.verified for t in mine)
        if verified:
            lines.append(
                f"| {project} | {len(mine)} | {sum(t.verified > 0 for t in mine)} | {verified} |"
            )
    refused = Counter(t.word for t in tried if t.word)
    within = Counter[str]()
    for one in tried:
        within.update(one.reports)
    lines += ["", "| pairs and series refused for | number |", "|---|---|"]
    lines += [f"| {word} | {count} |" for word, count in refused.most_common()]
    lines += ["", "| tests and bugs refused for | number |", "|---|---|"]
    lines += [f"| {word} | {count} |" for word, count in within.most_common()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
