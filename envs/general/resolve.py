"""From what a domain file says to what it means: names looked up, expressions checked.

Every problem is collected with its path in the file. With `without`, optional tables, actions and
policies are left out first, and then whatever can no longer be said without them.
"""

from collections.abc import Mapping

from data.hashing import content_hash
from envs.general.arithmetic import BOOL, Sort
from envs.general.domain import Column, Domain, Plan, Slot, Table
from envs.general.expr import Expr
from envs.general.kinds import RANGED, Kind
from envs.general.labels import COMMON
from envs.general.problems import Problems
from envs.general.real import real_problem
from envs.general.resolve_actions import resolve_action, resolve_policy
from envs.general.spec import DomainSpec, FieldSpec, PlanSpec, SpecError, TableSpec
from envs.general.texts import PLACEHOLDER, Noun, Text, snake

ID = Sort(Kind.TEXT)


def spec_hash(spec: DomainSpec) -> str:
    """SHA-256 of what a domain file says, whatever its layout."""
    return content_hash(spec.model_dump(mode="json", by_alias=True))


def resolve(spec: DomainSpec, without: frozenset[str] = frozenset()) -> Domain:
    """The meaning of `spec`. Raises `SpecError` with every problem found.

    `without` has paths of what this world does not have, e.g. tables.hold, policies.max_loans.
    """
    dropped = without
    while True:
        resolver = _Resolver(spec, dropped)
        domain = resolver.domain()
        if not resolver.problems.said:
            return domain
        lost = resolver.problems.units() - dropped
        if not without or not lost:
            raise SpecError(spec.name, resolver.problems.lines())
        dropped |= lost


class _Resolver:
    def __init__(self, spec: DomainSpec, without: frozenset[str]) -> None:
        self.spec = spec
        self.without = without
        self.problems = Problems()
        self.tables = {
            name: table for name, table in spec.tables.items() if f"tables.{name}" not in without
        }
        self.fields = {
            name: {
                column: field
                for column, field in table.fields.items()
                if f"tables.{name}.fields.{column}" not in without
                and f"tables.{field.type.table}" not in without
            }
            for name, table in self.tables.items()
        }
        self.sorts = {
            name: {"id": ID, **{column: _sort(field) for column, field in fields.items()}}
            for name, fields in self.fields.items()
        }

    def domain(self) -> Domain:
        order = self._order()
        tables = {name: self._table(name, order) for name in order}
        actions = {
            name: resolve_action(name, action, self.spec, self.sorts, self.problems, self.without)
            for name, action in self.spec.actions.items()
            if f"actions.{name}" not in self.without
        }
        if not actions:
            self.problems.add("actions", "nothing is left that an agent could do")
        policies = {
            name: resolve_policy(name, policy, actions, self.spec, self.sorts, self.problems)
            for name, policy in self.spec.policies.items()
            if f"policies.{name}" not in self.without
        }
        plans = {
            name: self._plan(name, plan)
            for name, plan in self.spec.plans.items()
            if f"plans.{name}" not in self.without
        }
        return Domain(self.spec, spec_hash(self.spec), tables, actions, policies, plans, self.sorts)

    def _order(self) -> list[str]:
        """Tables such that refs point backwards; a table may point to itself if it may be empty."""
        needs = {name: self._needs(name) for name in self.tables}
        done: list[str] = []
        while len(done) < len(needs):
            ready = [n for n in needs if n not in done and needs[n] <= set(done)]
            if not ready:
                circle = ", ".join(n for n in needs if n not in done)
                self.problems.add("tables", f"{circle} point at each other in a circle; drop a ref")
                return [*done, *(n for n in needs if n not in done)]
            done += ready
        return done

    def _needs(self, name: str) -> set[str]:
        needed: set[str] = set()
        for column, field in self.fields[name].items():
            target = field.type.table
            path = f"tables.{name}.fields.{column}"
            if field.type.kind is not Kind.REF or field.live:
                continue
            if target not in self.tables:
                known = ", ".join(self.tables)
                self.problems.add(path, f"ref to unknown table {target!r}; tables are {known}")
            elif target != name:
                needed.add(target)
            elif not field.type.nullable:
                self.problems.add(path, f"a ref to its own table may be empty: 'ref {name}?'")
        return needed

    def _table(self, name: str, order: list[str]) -> Table:
        spec, path = self.tables[name], f"tables.{name}"
        scope = {**self.sorts[name], "this": Sort(Kind.REF, name)}
        before = frozenset(order[: order.index(name)])
        columns = {
            column: self._column(f"{path}.fields.{column}", column, field, spec, scope, before)
            for column, field in self.fields[name].items()
        }
        late = frozenset(c.name for c in columns.values() if c.late)
        valid: list[Expr] = []
        for number, text in enumerate(spec.valid):
            where = f"{path}.valid.{number}"
            if where in self.without:
                continue
            rule = self.problems.expr(where, text, self.sorts, scope, BOOL)
            if rule and (unknown := rule.tables - before - {name}):
                self.problems.add(where, f"{', '.join(sorted(unknown))} is filled after {name}")
            elif rule and (early := {path[0] for path in rule.paths} & late):
                self.problems.add(where, f"{', '.join(sorted(early))} is known only at the end")
            elif rule:
                valid.append(rule)
        self._check_rows(path, name, spec)
        return Table(
            name=name,
            plural=snake(spec.label.en_plural) or f"{name}s",
            label=spec.label,
            rows=spec.rows,
            columns=columns,
            id_pattern=spec.id or _pattern(name),
            key=spec.key,
            real=spec.real,
            called=self._called(path, name, spec),
            valid=tuple(valid),
            optional=spec.optional,
        )

    def _column(
        self,
        path: str,
        name: str,
        field: FieldSpec,
        table: TableSpec,
        scope: Mapping[str, Sort],
        before: frozenset[str],
    ) -> Column:
        sort = _sort(field)
        if name in ("id", "this", "new"):
            self.problems.add(path, f"{name!r} is given by the system; choose another name")
        text = field.live or field.init
        made = self.problems.expr(path, text, self.sorts, scope, sort) if text else None
        if made and (name,) in made.paths:
            self.problems.add(path, f"{name} is computed from itself")
        late = bool(made and made.tables - before)
        self._check_origin(path, name, field, table)
        return Column(
            name=name,
            spec=field,
            label=self._label(path, name, field),
            sort=sort,
            live=made if field.live else None,
            init=made if field.init else None,
            late=late,
        )

    def _label(self, path: str, name: str, field: FieldSpec) -> Noun:
        if field.label:
            return field.label
        if field.type.kind is Kind.REF and name == field.type.table and name in self.tables:
            return self.tables[name].label
        if name in COMMON:
            return COMMON[name]
        wanted = name.replace("_", " ")
        self.problems.add(path, f'wants a label in both languages, as in label: "{wanted} | 中文"')
        return Noun(wanted, wanted, wanted, "个")

    def _check_origin(self, path: str, name: str, field: FieldSpec, table: TableSpec) -> None:
        kind, type_ = field.type.kind, field.type
        given = field.live or field.init or field.real or name == table.key and field.real
        if field.real:
            problem = real_problem(table.real, field.real, kind)
            if problem:
                self.problems.add(path, problem)
        elif given or type_.nullable and kind is Kind.TEXT:
            return
        elif kind in (Kind.NAME, Kind.TEXT) and not (field.of or field.mix or type_.maker):
            self.problems.add(
                path, "wants its values: `of: [...]`, `mix: [[...], [...]]` or, for names, a maker"
            )
        elif kind in RANGED and not type_.bounded and not type_.nullable:
            self.problems.add(path, f'wants a range, as in "{RANGED[kind]}"')

    def _check_rows(self, path: str, name: str, spec: TableSpec) -> None:
        fields, rows = self.fields[name], spec.rows
        if spec.key and spec.key not in fields:
            self.problems.add(f"{path}.key", f"no column {spec.key!r} in {name}")
        if spec.real and (problem := real_problem(spec.real, "", None)):
            self.problems.add(f"{path}.real", problem)
        if rows.per and rows.per not in [f.type.table for f in fields.values()]:
            self.problems.add(f"{path}.rows", f"per {rows.per}: {name} has no ref to {rows.per!r}")
        for column in rows.every:
            kind = fields[column].type.kind if column in fields else None
            if kind not in (Kind.REF, Kind.ENUM, Kind.BOOL, Kind.DATE):
                self.problems.add(
                    f"{path}.rows", f"one per {column}: wants a ref, enum, bool or date column"
                )

    def _called(self, path: str, name: str, spec: TableSpec) -> Text:
        named = next((c for c, f in self.fields[name].items() if f.type.kind is Kind.NAME), "")
        called = spec.called
        if called is None:
            if not named and spec.key:
                named = spec.key
            if not named:
                self.problems.add(
                    f"{path}.called",
                    f"{name} has no name column, so say how a person refers to one, as in "
                    'called: "the loan of {book} to {member} | {member}借的{book}"',
                )
            return Text(f"{{{named}}}", f"{{{named}}}")
        for text in called:
            for slot in PLACEHOLDER.findall(text):
                self._check_path(f"{path}.called", name, slot)
        return called

    def _check_path(self, path: str, table: str, slot: str) -> None:
        scope = self.sorts[table]
        self.problems.expr(path, slot or "''", self.sorts, scope)

    def _plan(self, name: str, plan: PlanSpec) -> Plan:
        path, slots = f"plans.{name}", {}
        for grouped, part in ((True, plan.each), (False, plan.once)):
            for slot, spec in part.items():
                here = f"{path}.{'each' if grouped else 'once'}.{slot}"
                if spec.pick not in self.tables:
                    known = ", ".join(self.tables)
                    self.problems.add(here, f"no table {spec.pick!r} to pick; tables are {known}")
                    continue
                scope = {**self.sorts[spec.pick], "this": Sort(Kind.REF, spec.pick)}
                where = None
                if spec.where:
                    where = self.problems.expr(f"{here}.where", spec.where, self.sorts, scope, BOOL)
                label = spec.label or self.tables[spec.pick].label
                slots[slot] = Slot(slot, spec.pick, label, where, grouped, spec.that)
        for number, text in enumerate(plan.ask):
            for language, found in zip(("English", "Chinese"), text.slots(), strict=True):
                if found - {"count"}:
                    self.problems.add(
                        f"{path}.ask.{number}", f"the {language} text may use {{count}} only"
                    )
        about = self._columns(f"{path}.about", plan.about)
        sums = self._columns(f"{path}.sums", plan.sums)
        return Plan(
            name, plan.title, plan.ask, plan.group, plan.count, slots, plan.why, about, sums
        )

    def _columns(self, path: str, given: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
        """table.column or table.ref.column, as tuples."""
        found: list[tuple[str, ...]] = []
        for number, text in enumerate(given):
            table, *steps = text.split(".")
            at = [table]
            for step in steps:
                spec = self.spec.tables.get(at[-1])
                at.append(spec.fields[step].type.table if spec and step in spec.fields else "?")
            if "?" in at or table not in self.spec.tables or not 1 <= len(steps) <= 2:
                self.problems.add(f"{path}.{number}", f"{text!r} is no table.column")
            elif all(name in self.tables for name in at if name):
                found.append((table, *steps))
        return frozenset(found)


def _sort(field: FieldSpec) -> Sort:
    values = tuple(field.values or ()) if field.type.kind is Kind.ENUM else ()
    return Sort(field.type.kind, field.type.table, values)


def _pattern(name: str) -> str:
    """An id pattern from a table's name: loan -> LOA-####, order_line -> OL-####."""
    parts = name.split("_")
    letters = "".join(part[0] for part in parts) if len(parts) > 1 else name[:3]
    return f"{letters.upper()}-####"
