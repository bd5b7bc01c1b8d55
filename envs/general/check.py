"""`python -m envs.general.check FILE...`: everything that can be wrong with a domain file.

Prints one line a problem, with its path in the file, or a report of the worlds it compiles into.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from data.errors import UserError
from data.task import Language, ToolCall
from data.trajectory import Observation
from envs.general.compiler import Compiled, compile_domain
from envs.general.domain import Column, Domain
from envs.general.kinds import NUMERIC, Kind
from envs.general.reading import read_spec
from envs.general.resolve import resolve
from envs.general.rows import Unfillable
from envs.general.spec import DomainSpec
from envs.general.surface import Op
from envs.general.texts import Text, has_chinese
from envs.general.trial import sample_asks, trial_problems
from envs.general.variant import VARIANTS, draw_variant

MIN_CHOICES = 6
FILL_SEEDS = (0, 1, 2)
"""Seeds with which every variant is filled."""
MAX_UNFILLED = 0.05
"""Share of worlds that may be without rows."""
MIN_TABLES, MIN_TOOLS, MIN_RULES, MIN_ACTIONS = 4, 10, 3, 3


def problems(path: Path) -> tuple[list[str], list[Compiled]]:
    """What is wrong with the file, and the worlds that could be compiled."""
    try:
        spec = read_spec(path)
        domain = resolve(spec)
    except UserError as error:
        return [_located(path, line) for line in str(error).splitlines()], []
    found = [*_size(spec, domain), *_names(path, spec), *_wording(domain)]
    worlds: list[Compiled] = []
    for number in range(VARIANTS):
        language = Language.ZH if number % 2 else Language.EN
        try:
            world = compile_domain(spec, draw_variant(spec, number, language), seed=number)
        except UserError as error:
            said = f"{error} (variant {number})"
            found += [line for line in said.splitlines() if line not in found]
            continue
        worlds.append(world)
        if len(world.tools) < MIN_TOOLS:
            found.append(
                f"tools: variant {number} has {len(world.tools)} tools, wants {MIN_TOOLS}; "
                "add actions or tables"
            )
    if not found:
        found += _unfilled(spec)
    shapes = len({world.signature for world in worlds})
    if shapes < len(worlds):
        found.append(f"tables: only {shapes} of {len(worlds)} variants differ in structure")
    if worlds:
        found += _plans(worlds[0])
        found += trial_problems(worlds)
    return [_located(path, line) for line in found], worlds


def _unfilled(spec: DomainSpec) -> Iterator[str]:
    """Says which share of worlds cannot be filled with rows, if it is too large.

    A task that is drawn for such a world is lost, and nothing else.
    """
    lost: Counter[str] = Counter()
    for number, seed in product(range(VARIANTS), FILL_SEEDS):
        language = Language.ZH if number % 2 else Language.EN
        try:
            compile_domain(spec, draw_variant(spec, number, language), seed)
        except Unfillable as error:
            lost[str(error)] += 1
    tried = VARIANTS * len(FILL_SEEDS)
    if lost.total() > MAX_UNFILLED * tried:
        yield f"{lost.most_common(1)[0][0]} (in {lost.total()} of {tried} worlds)"


def _located(path: Path, line: str) -> str:
    """`line` with the file's name in front."""
    line = line.removeprefix(f"{path.name}: ").removeprefix(f"{path.stem}: ")
    return f"{path.name}: {line}"


def _size(spec: DomainSpec, domain: Domain) -> Iterator[str]:
    if len(spec.actions) < MIN_ACTIONS:
        yield f"actions: {len(spec.actions)} actions, wants at least {MIN_ACTIONS}"
    rules = len(spec.policies) + len(spec.plans)
    if rules < MIN_RULES or len(spec.policies) < 2:
        yield (
            f"policies: {len(spec.policies)} policies and {len(spec.plans)} plans; wants at least "
            f"2 policies, and {MIN_RULES} with the plans"
        )
    kept = [table for table in domain.tables.values() if not table.optional]
    if len(kept) < MIN_TABLES:
        yield f"tables: {len(kept)} tables are not optional, wants at least {MIN_TABLES}"
    pointed = {c.type.table for t in domain.tables.values() for c in t.refs}
    for table in domain.tables.values():
        if not table.refs and table.name not in pointed:
            yield f"tables.{table.name}: is related to no other table; add a ref to it or from it"


def _plans(world: Compiled) -> Iterator[str]:
    """Plans whose slots leave too little to choose from."""
    for name, plan in world.domain.plans.items():
        for slot in plan.slots.values():
            part = "each" if slot.grouped else "once"
            table = world.domain.tables[slot.table]
            said = f"plans.{name}.{part}.{slot.name}: picks from {table.name}, which"
            choices = len(world.candidates(name, slot.name))
            kinds = [c.kind for c in table.columns.values()]
            measures = sum(kind in NUMERIC | {Kind.ENUM, Kind.BOOL} for kind in kinds)
            if choices < MIN_CHOICES:
                yield f"{said} has {choices} rows to choose from, wants {MIN_CHOICES}"
            if slot.grouped and measures < 2:
                yield f"{said} has {measures} numeric, enum or bool columns, wants 2 or more"


def _names(path: Path, spec: DomainSpec) -> Iterator[str]:
    if path.stem != spec.name:
        yield f"name: {spec.name!r} is not the file's name, {path.stem!r}"
    if path.parent.name != spec.category:
        yield f"category: {spec.category!r} is not the folder's name, {path.parent.name!r}"


def _wording(domain: Domain) -> Iterator[str]:
    """Chinese parts that hold no Chinese, and texts of the wrong form."""
    for name, table in domain.tables.items():
        if not has_chinese(table.label.zh):
            yield f"tables.{name}.label: the part after '|' is not Chinese: {table.label.zh!r}"
        for column in table.columns.values():
            yield from _column_wording(f"tables.{name}.fields.{column.name}", column)
        if sum(column.kind is Kind.NAME for column in table.columns.values()) > 1:
            yield f"tables.{name}: has more than one name; make the others text"
    for name, action in domain.actions.items():
        for number, text in enumerate(action.ask):
            yield from _ask_wording(f"actions.{name}.ask.{number}", text)


def _column_wording(path: str, column: Column) -> Iterator[str]:
    if not has_chinese(column.label.zh):
        yield f"{path}.label: the part after '|' is not Chinese: {column.label.zh!r}"
    if column.spec.say and not column.spec.say.zh.endswith("的"):
        yield (
            f"{path}.say: the Chinese stands before the noun, so it ends in 的: "
            f"{column.spec.say.zh!r}"
        )


def _ask_wording(path: str, text: Text) -> Iterator[str]:
    if not has_chinese(text.zh):
        yield f"{path}: the part after '|' is not Chinese"
    if text.en[:1].isupper() or text.en.endswith((".", "!")):
        yield f'{path}: starts with a capital or ends with a stop; it continues "Please ..."'


def report(path: Path, worlds: list[Compiled]) -> Iterator[str]:
    first = worlds[0]
    signatures = {world.signature for world in worlds}
    rows = ", ".join(f"{name} {len(found)}" for name, found in first.rows.tables.items())
    lines = len(path.read_text(encoding="utf-8").splitlines())
    yield f"{path.name}: ok, {lines} lines"
    yield f"  rows      {rows}"
    yield f"  tools     {len(first.tools)}: {', '.join(tool.name for tool in first.tools)}"
    yield (
        f"  actions   {len(first.domain.actions)}, policies {len(first.domain.policies)}, "
        f"plans {len(first.domain.plans)}"
    )
    yield f"  variants  {len(signatures)} different of {len(worlds)} compiled"
    yield f"  shows     {sample(first)[:300]}"
    by_language = {world.variant.language: world for world in reversed(worlds)}
    for language in Language:
        if language in by_language:
            for text in sample_asks(by_language[language]):
                yield f"  asks {language}   {text}"


def sample(world: Compiled) -> str:
    """One call of a listing tool and what it answers."""
    tool = next(t for t in world.reads if t.op in (Op.SEARCH, Op.LIST) and not t.by)
    opened = world.open()
    try:
        answer: Observation = world.reader.answer(tool, {}, opened)
    finally:
        opened.close()
    call = ToolCall(name=tool.tool.name, arguments={})
    return f"{call.name}({json.dumps(call.arguments)}) -> {answer.text}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m envs.general.check", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--quiet", action="store_true", help="print problems only")
    options = parser.parse_args(arguments)
    wrong = 0
    for path in options.files:
        found, worlds = problems(path)
        wrong += bool(found)
        lines = found if found else [] if options.quiet else report(path, worlds)
        for line in lines:
            sys.stdout.write(line + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
