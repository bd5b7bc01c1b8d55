"""Yield of the operators on other languages than Python: what becomes of their mutations.

    python -m benchmarks.code_languages [--per-operator 3] [--npm qs@6.13.0] [LANGUAGE ...]

Takes the libraries of the tests, and packages of the npm registry that are named; tries the first
mutations of each operator, spread over the places it has, and runs the whole suite on each.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from envs.code.origins import npm
from envs.code.spec import Origin
from envs.code.tree import read_folder, tree_hash
from synth.code.draft import Rejected
from synth.code.languages import Soil, noticed, prepare

PROJECTS = Path(__file__).resolve().parent.parent / "tests" / "code" / "projects"
AS_OF = datetime(2027, 1, 1, tzinfo=UTC)


def soils(names: list[str], packages: list[str]) -> Iterator[tuple[str, Soil]]:
    for name in names:
        tree = read_folder(PROJECTS / name)
        origin = Origin(
            source="folder", project=name, version="1", archive=name, sha256=tree_hash(tree)
        )
        yield name, Soil(prepare(tree, origin, "Apache-2.0", AS_OF))
    for package in packages:
        project, _, version = package.partition("@")
        release = next(r for r in npm.releases(project) if r.version == version)
        origin = npm.origin_of(release)
        prepared = prepare(npm.fetch(origin), origin, npm.licence(release), AS_OF)
        yield f"javascript ({package})", Soil(prepared)


def tried(soil: Soil, operator: str, most: int) -> Iterator[str]:
    """What became of up to `most` mutations of an operator."""
    places = soil.places[operator]
    step = max(1, len(places) // most)
    for place in places[::step][:most]:
        text = soil.text(place)
        if text is None:
            yield "no_change"
            continue
        try:
            noticed(soil, place.path, text)
            yield "valid"
        except Rejected as reason:
            yield str(reason)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-operator", type=int, default=3)
    parser.add_argument("--npm", action="append", default=[])
    parser.add_argument("languages", nargs="*")
    given = parser.parse_args()
    for name, soil in soils(given.languages, given.npm):
        started = time.monotonic()
        total: Counter[str] = Counter()
        for operator in soil.places:
            row = Counter(tried(soil, operator, given.per_operator))
            total += row
            print(json.dumps({"tree": name, "operator": operator, **row}), flush=True)
        seconds = round(time.monotonic() - started, 1)
        print(
            json.dumps({"tree": name, "tests": len(soil.prepared.passing), **total, "s": seconds})
        )


if __name__ == "__main__":
    main()
