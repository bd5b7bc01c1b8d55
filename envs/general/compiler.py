"""Domain, variant and seed to a world that can be opened: rows, image, tools, policies, signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.hashing import content_hash
from data.task import JsonObject, Language, ToolSpec
from envs.general.domain import Domain
from envs.general.expr import Row, Value
from envs.general.image import build_image
from envs.general.reading import read_spec
from envs.general.reads import Reader
from envs.general.resolve import resolve, spec_hash
from envs.general.rows import Rows, fill, moments
from envs.general.spec import DomainSpec
from envs.general.surface import ReadTool, action_tool, read_tools
from envs.general.variant import Ids, Variant
from envs.general.world import World

DOMAINS = Path(__file__).parent / "domains"
MAX_COMPILED = 64
"""Compiled worlds kept in a process; each is a few hundred kilobytes."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A world before anybody acts in it; shared by all that open it, so never changed."""

    domain: Domain
    """What is left of the domain in this variant."""
    variant: Variant
    seed: int
    rows: Rows
    image: bytes
    id_patterns: Mapping[str, str]
    reads: tuple[ReadTool, ...]
    tools: tuple[ToolSpec, ...]
    """Everything the agent may call, in a fixed order."""

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.domain, self.variant, self.reads)

    @cached_property
    def signature(self) -> str:
        """Identity of the structure: schema graph, tool surface, policy set; not names or rows."""
        return content_hash(_structure(self))

    def open(self, *, lenient: bool = False) -> World:
        """A fresh world; whoever opens it closes it. A lenient one enforces no policy."""
        return World(
            self.domain,
            self.image,
            self.id_patterns,
            {} if lenient else self.variant.enforced,
            self.variant.language,
            self.seed,
        )

    def candidates(self, plan: str, slot: str) -> tuple[Row, ...]:
        """Rows that may fill a slot of a plan, by id."""
        wanted = self.domain.plans[plan].slots[slot]
        rows = sorted(self.rows.tables[wanted.table].values(), key=lambda row: str(row["id"]))
        if wanted.where is None:
            return tuple(rows)
        where, fixed = wanted.where, self.moments
        return tuple(r for r in rows if where.run({**fixed, **r, "this": r["id"]}, self.rows))

    def lookup(self, table: str, *keys: Value) -> Row | None:
        """The row of a `one per a, b` table for these values, in the order of those columns."""
        return self._lookups[table].get(keys)

    @cached_property
    def moments(self) -> dict[str, Value]:
        """`today` and `now` of this world."""
        return moments(self.domain.spec.today)

    @cached_property
    def _lookups(self) -> dict[str, dict[tuple[Value, ...], Row]]:
        return {
            name: {
                tuple(row[column] for column in columns): row
                for row in self.rows.tables[name].values()
            }
            for name, columns in self.domain.lookups().items()
        }

    def policy_lines(self, language: Language) -> tuple[str, ...]:
        """The rules the agent must obey, whether or not the tools enforce them."""
        return tuple(policy.text.of(language) for policy in self.domain.policies.values())


def compile_domain(spec: DomainSpec, variant: Variant, seed: int) -> Compiled:
    """Raises `SpecError` if the variant leaves nothing that works, `Unfillable` if no rows fit."""
    domain = resolve(spec, frozenset(variant.without))
    patterns = {
        name: _pattern(name, t.id_pattern, variant.ids) for name, t in domain.tables.items()
    }
    rows = fill(domain, patterns, variant.language, seed)
    reads = read_tools(domain, variant)
    actions = tuple(action_tool(domain, a, variant.language) for a in domain.actions.values())
    return Compiled(
        domain=domain,
        variant=variant,
        seed=seed,
        rows=rows,
        image=build_image(domain, rows),
        id_patterns=patterns,
        reads=reads,
        tools=(*(tool.tool for tool in reads), *actions),
    )


def _pattern(table: str, pattern: str, style: Ids) -> str:
    digits = "#" * max(4, pattern.count("#"))
    match style:
        case Ids.PATTERN:
            return pattern
        case Ids.NUMBER:
            return digits + "#"
        case Ids.WORD:
            return f"{table}_{digits}"


def domain_files() -> dict[str, Path]:
    """Every shipped domain by name, in the order of names."""
    return {path.stem: path for path in sorted(DOMAINS.glob("*/*.yaml"), key=lambda p: p.stem)}


@lru_cache(maxsize=256)
def load_spec(name: str) -> DomainSpec:
    """The shipped domain `name`. Raises `UserError` if there is none, `SpecError` if it is wrong."""
    path = domain_files().get(name)
    if path is None:
        raise UserError(f"no domain {name!r}; `cli.py kinds` lists the domains")
    return read_spec(path)


@lru_cache(maxsize=256)
def shipped_hash(name: str) -> str:
    """Hash of what the shipped domain file `name` says."""
    return spec_hash(load_spec(name))


def compile_shipped(name: str, variant: Variant, seed: int) -> Compiled:
    """The compiled world of a shipped domain; the last few are kept."""
    return _compiled(name, variant.model_dump_json(), seed)


@lru_cache(maxsize=MAX_COMPILED)
def _compiled(name: str, variant: str, seed: int) -> Compiled:
    return compile_domain(load_spec(name), Variant.model_validate_json(variant), seed)


def _structure(world: Compiled) -> JsonObject:
    schema: dict[str, Any] = {
        name: {
            column.name: [column.kind.value, column.type.table, bool(column.live)]
            for column in table.columns.values()
        }
        for name, table in world.domain.tables.items()
    }
    tools: dict[str, Any] = {tool.name: bare(tool.parameters) for tool in world.tools}
    policies = {name: bool(world.variant.enforced.get(name)) for name in world.domain.policies}
    return {"schema": schema, "tools": tools, "policies": dict(policies)}


def bare(schema: Any) -> Any:
    """A JSON Schema without its texts and limits, which are not structure."""
    dropped = {"description", "minimum", "maximum", "default", "maxLength", "maxItems"}
    if isinstance(schema, dict):
        return {k: bare(v) for k, v in schema.items() if k not in dropped}
    return schema
