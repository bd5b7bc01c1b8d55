"""Actions and policies of a domain: arguments typed, effects and rules checked."""

from collections.abc import Mapping

from envs.general.arithmetic import BOOL, Sort
from envs.general.domain import Action, Arg, Delete, Effect, Insert, Policy, Rule, Update
from envs.general.expr import Columns, Expr
from envs.general.kinds import RANGED, Kind, Type, parse_type
from envs.general.labels import COMMON
from envs.general.problems import Problems
from envs.general.spec import (
    ActionSpec,
    ArgSpec,
    DomainSpec,
    EffectSpec,
    FieldSpec,
    PolicySpec,
)
from envs.general.texts import Noun


def resolve_action(
    name: str,
    spec: ActionSpec,
    domain: DomainSpec,
    sorts: Columns,
    problems: Problems,
    without: frozenset[str],
) -> Action:
    path = f"actions.{name}"
    args = {
        arg: made
        for arg, given in spec.args.items()
        if (made := _arg(f"{path}.args.{arg}", arg, given, domain, sorts, problems))
    }
    scope = {arg.name: arg.sort for arg in args.values()}
    rules = []
    if len(args) == len(spec.args):
        for number, (text, otherwise) in enumerate(spec.require.items()):
            where = f"{path}.require.{number}"
            if where not in without:
                test = problems.expr(where, text, sorts, scope, BOOL)
                rules += [Rule(test, otherwise)] if test else []
        maker = _Effects(domain, sorts, problems)
        effects = maker.all(path, spec.do, dict(scope), without)
    else:
        effects = []
    _check_ask(path, spec, args, problems)
    return Action(name, spec.does, args, tuple(rules), tuple(effects), spec.ask)


def resolve_policy(
    name: str,
    spec: PolicySpec,
    actions: Mapping[str, Action],
    domain: DomainSpec,
    sorts: Columns,
    problems: Problems,
) -> Policy:
    path = f"policies.{name}"
    rules: dict[str, Expr] = {}
    for number, action in enumerate(spec.on):
        if action not in domain.actions:
            known = ", ".join(domain.actions)
            problems.add(f"{path}.on.{number}", f"no action {action!r}; actions are {known}")
        elif action in actions:
            scope = {arg.name: arg.sort for arg in actions[action].args.values()}
            rule = problems.expr(f"{path}.rule", spec.rule, sorts, scope, BOOL)
            rules |= {action: rule} if rule else {}
    if not rules and not any(said.startswith(f"{path}.") for said in problems.said):
        problems.add(path, "is about no action of this world")
    return Policy(name, spec.text, rules, spec.enforced)


def _arg(
    path: str,
    name: str,
    spec: ArgSpec,
    domain: DomainSpec,
    sorts: Columns,
    problems: Problems,
) -> Arg | None:
    nullable = spec.type.rstrip().endswith("?")
    word = spec.type.strip().removesuffix("?").strip()
    table, dot, column = word.partition(".")
    if word in sorts:
        ref = FieldSpec(type=parse_type(f"ref {word}{'?' if nullable else ''}"))
        label = spec.label or domain.tables[word].label
        return Arg(name, ref, Sort(Kind.REF, word), label)
    if dot and table in sorts and column in sorts[table]:
        field = domain.tables[table].fields[column]
        if field.real or field.live:
            problems.add(path, f"{word} is real or computed data, so nothing can be drawn for it")
        same = field.type.model_copy(update={"nullable": nullable})
        made = field.model_copy(update={"type": same, "unit": spec.unit or field.unit})
        label = spec.label or _column_label(field, column, domain)
        return Arg(name, made, sorts[table][column], label, (table, column))
    return _plain_arg(path, name, spec, sorts, problems)


def _column_label(field: FieldSpec, column: str, domain: DomainSpec) -> Noun:
    if field.label is None and field.type.table in domain.tables:
        return domain.tables[field.type.table].label
    return field.label or COMMON.get(column) or Noun(column, column, column, "个")


def _plain_arg(
    path: str, name: str, spec: ArgSpec, sorts: Columns, problems: Problems
) -> Arg | None:
    """An argument that has a type of its own."""
    try:
        type_ = parse_type(spec.type)
    except ValueError as error:
        tables = ", ".join(sorts)
        problems.add(
            path, f"{spec.type!r} is no table ({tables}), no table.column and no type: {error}"
        )
        return None
    wrong = _plain_problem(name, spec, type_)
    label = spec.label or COMMON.get(name)
    if label is None:
        wrong = f'wants a label, as in {{type: "{spec.type}", label: "{name} | 中文"}}'
    if wrong or label is None:
        problems.add(path, wrong)
        return None
    sort = Sort(type_.kind, values=tuple(spec.values or ()) if type_.kind is Kind.ENUM else ())
    made = FieldSpec(type=type_, unit=spec.unit, values=spec.values, of=spec.of)
    return Arg(name, made, sort, label)


def _plain_problem(name: str, spec: ArgSpec, type_: Type) -> str:
    """What an argument lacks to have values drawn for it; '' if nothing."""
    if type_.kind is Kind.REF:
        return f"write the table alone: {name}: {type_.table}"
    if type_.kind is Kind.ENUM and not spec.values:
        return "enum wants `values`; or write table.column"
    if type_.kind in (Kind.TEXT, Kind.NAME) and not (spec.of or type_.maker):
        return "wants `of`, the texts that people may ask for"
    if type_.kind in RANGED and not type_.bounded:
        return f'wants a range, as in "{RANGED[type_.kind]}"'
    return ""


def _check_ask(path: str, spec: ActionSpec, args: Mapping[str, Arg], problems: Problems) -> None:
    needed = {arg.name for arg in args.values() if arg.required}
    for number, text in enumerate(spec.ask):
        for language, found in zip(("English", "Chinese"), text.slots(), strict=True):
            missing, unknown = sorted(needed - found), sorted(found - set(spec.args))
            if missing or unknown:
                said = [f"does not say {{{', '.join(missing)}}}"] if missing else []
                said += [f"has unknown {{{', '.join(unknown)}}}"] if unknown else []
                problems.add(f"{path}.ask.{number}", f"the {language} text {' and '.join(said)}")


class _Effects:
    def __init__(self, domain: DomainSpec, sorts: Columns, problems: Problems) -> None:
        self.domain = domain
        self.sorts = sorts
        self.problems = problems

    def all(
        self,
        path: str,
        specs: tuple[EffectSpec, ...],
        scope: dict[str, Sort],
        without: frozenset[str],
    ) -> list[Effect]:
        """The effects in order; a row that was inserted is `new_<table>` to those after it."""
        made: list[Effect] = []
        for number, spec in enumerate(specs):
            target = (spec.insert or spec.update or spec.delete).split(" ")[0]
            if f"tables.{target}" in without:
                continue
            effect = self._effect(f"{path}.do.{number}", spec, scope)
            made += [effect] if effect else []
            if isinstance(effect, Insert):
                scope[f"new_{effect.table}"] = Sort(Kind.REF, effect.table)
        if not made and not self.problems.said:
            self.problems.add(path, "has no effect left")
        return made

    def _effect(self, path: str, spec: EffectSpec, scope: Mapping[str, Sort]) -> Effect | None:
        when = None
        if spec.when:
            when = self.problems.expr(f"{path}.when", spec.when, self.sorts, scope, BOOL)
        if spec.insert:
            return self._insert(path, spec, scope, when)
        found = self._target(path, spec, scope)
        if found is None:
            return None
        table, row, alias, where = found
        if spec.delete:
            return Delete(table, row, alias, where, when)
        inner = {**scope, alias: Sort(Kind.REF, table)} if alias else scope
        values = self._set(path, table, spec, inner)
        return Update(table, row, alias, where, values, when)

    def _insert(
        self, path: str, spec: EffectSpec, scope: Mapping[str, Sort], when: Expr | None
    ) -> Effect | None:
        if spec.insert not in self.sorts:
            known = ", ".join(self.sorts)
            self.problems.add(path, f"insert: no table {spec.insert!r}; tables are {known}")
            return None
        values = self._set(path, spec.insert, spec, scope)
        table = self.domain.tables[spec.insert]
        unset = [
            column
            for column in self.sorts[spec.insert]
            if column != "id"
            and column not in spec.set
            and not table.fields[column].live
            and not table.fields[column].type.nullable
        ]
        if unset:
            self.problems.add(
                path, f"insert {spec.insert} leaves {', '.join(unset)} without a value"
            )
        if table.key:
            self.problems.add(
                path, f"rows of {spec.insert} have their own key; drop `key` to insert"
            )
        return Insert(spec.insert, values, when)

    def _set(
        self, path: str, table: str, spec: EffectSpec, scope: Mapping[str, Sort]
    ) -> dict[str, Expr]:
        values: dict[str, Expr] = {}
        for column, given in spec.set.items():
            here = f"{path}.set.{column}"
            fields = self.domain.tables[table].fields
            if column not in self.sorts[table] or column == "id":
                if column in fields:
                    continue
                known = ", ".join(name for name in self.sorts[table] if name != "id")
                self.problems.add(here, f"{table} has no column {column!r}; columns are {known}")
                continue
            if fields[column].live:
                self.problems.add(here, f"{column} is computed (`is`), it cannot be set")
                continue
            text = (
                {True: "true", False: "false", None: "null"}.get(given, given)
                if (isinstance(given, bool) or given is None)
                else given
            )
            made = self.problems.expr(here, text, self.sorts, scope, self.sorts[table][column])
            if made:
                values[column] = made
        return values

    def _target(
        self, path: str, spec: EffectSpec, scope: Mapping[str, Sort]
    ) -> tuple[str, Expr | None, str, Expr | None] | None:
        """Table, then either one row or a name for rows and their condition."""
        word = spec.update or spec.delete
        verb = "update" if spec.update else "delete"
        if not spec.where:
            row = self.problems.expr(path, word, self.sorts, scope)
            if row and row.sort.kind is not Kind.REF:
                self.problems.add(path, f"{verb}: {word!r} is {row.sort}, not a row")
                return None
            return (row.sort.table, row, "", None) if row else None
        table, _, alias = word.partition(" ")
        alias = alias.strip() or table
        if table not in self.sorts or alias in scope:
            self.problems.add(
                path,
                f"{verb} with `where` wants a table and a new name for its rows, as in "
                f"{{{verb}: hold h, where: h.book == book}}, got {word!r}",
            )
            return None
        inner = {**scope, alias: Sort(Kind.REF, table)}
        where = self.problems.expr(f"{path}.where", spec.where, self.sorts, inner, BOOL)
        return (table, None, alias, where) if where else None
