"""Checks the rules that an action could break: reads what they need, then says how they come out."""

from collections.abc import Mapping
from typing import Any

from envs.general.domain import Action, Policy
from envs.general.expr import Expr, Value
from envs.general.kinds import Kind
from envs.general.surface import Op
from envs.general.syntax import parse
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.known import Unread
from synth.general.worked.reckon import Reckoner, columns_named
from synth.general.worked.seek import Seeker
from synth.general.worked.words import Line

MAX_READS = 8
"""Reads for one rule."""
QUOTED_WORDS = 8
QUOTED_CHARS = 18


class Rules:
    """Checks calls against the rules of a world."""

    def __init__(self, desk: Desk, seeker: Seeker) -> None:
        self.desk = desk
        self.seeker = seeker
        self.tables: dict[str, str] = {}
        """Of the arguments that are rows, for the action that is looked at."""
        self.named: set[str] = set()
        """Columns of such rows, and of those that they point at, that its rules read."""

    def allow(self, action: Action, values: Mapping[str, Value]) -> bool:
        """Whether no rule forbids a call, each rule being thought of. Raises `Untaught`."""
        self.tables = {
            arg.name: arg.type.table for arg in action.args.values() if arg.type.kind is Kind.REF
        }
        about = [p for p in self.desk.world.domain.policies.values() if action.name in p.rules]
        paths = [path for policy in about for path in policy.rules[action.name].paths]
        self.named = {step for root, *steps in paths if root in self.tables for step in steps}
        if not about:
            self.desk.think(Line.NO_RULE, action=action.name)
        return all(self._kept(policy, action, values) for policy in about)

    def _kept(self, policy: Policy, action: Action, values: Mapping[str, Value]) -> bool:
        rule = policy.rules[action.name]
        scope: dict[str, Any] = {**self.desk.world.moments, **values}
        kept = self._settled(policy, rule, scope)
        told = Reckoner(self.desk, action, scope).tell(parse(rule.text))
        if bool(told.value) is not kept:
            raise Untaught("rule_not_told")
        line = Line.KEPT if kept else Line.BROKEN
        facts = self.desk.words.listed(list(dict.fromkeys(told.facts)))
        self.desk.think(line, rule=self._quoted(policy, whole=not kept), facts=facts)
        return kept

    def _settled(self, policy: Policy, rule: Expr, scope: Mapping[str, Any]) -> bool:
        """What a rule comes to, after reading what it needs."""
        for _ in range(MAX_READS):
            try:
                return bool(rule.run(scope, self.desk.known))
            except Unread as unread:
                self._read(policy, rule, unread, self._whence(rule, scope, unread))
        raise Untaught("rule_needs_too_much")

    def _whence(self, rule: Expr, scope: Mapping[str, Any], unread: Unread) -> str:
        """Which row points at the one that is to be read: " (book_id of CP-4)"."""
        for root, *steps in sorted(rule.paths):
            if root not in self.tables or scope[root] is None:
                continue
            table, row_id = self.tables[root], str(scope[root])
            for step in steps[:-1]:
                if not self.desk.known.has(table, row_id, step):
                    break
                value = self.desk.known.cell(table, row_id, step)
                if value == unread.row_id:
                    return self.desk.words.aside(row_id, self.desk.shown(table, step))
                table = self.desk.world.domain.tables[table].columns[step].type.table
                row_id = str(value)
        return ""

    def _read(self, policy: Policy, rule: Expr, unread: Unread, whence: str) -> None:
        quoted = self._quoted(policy, whole=False)
        if unread.row_id:
            table = self.desk.world.domain.tables[unread.table]
            named = self.named | columns_named(parse(rule.text))
            also = [
                name
                for name in table.columns
                if name in named and not self.desk.known.has(unread.table, unread.row_id, name)
            ]
            columns = list(dict.fromkeys([unread.column, *also]))
            self.desk.think(
                Line.RULE_CELL,
                rule=quoted,
                columns=self.desk.words.listed(
                    [self.desk.shown(unread.table, name) for name in columns]
                ),
                id=unread.row_id,
                whence=whence,
            )
            self.desk.look(unread.table, unread.row_id, columns)
            return
        self._read_rows(quoted, unread)

    def _read_rows(self, quoted: str, unread: Unread) -> None:
        tools = self.desk.tools.get(unread.table, {})
        equal = {name: value for name, value in unread.equal.items() if value is not None}
        plural = self.desk.plural(unread.table)
        by = [name for name in equal if (unread.table, name) in self.desk.by]
        if Op.SEARCH in tools and equal:
            tool = tools[Op.SEARCH]
            given = self.desk.filters(tool, equal)
        elif by:
            tool, equal = self.desk.by[unread.table, by[0]], {by[0]: equal[by[0]]}
            given = {self.desk.shown(unread.table, by[0]): equal[by[0]]}
        elif Op.SEARCH in tools or Op.LIST in tools:
            tool, equal, given = tools.get(Op.SEARCH) or tools[Op.LIST], {}, {}
        else:
            raise Untaught("no_route")
        filters = self.seeker.fit.said(unread.table, equal)
        line = Line.RULE_ROWS if equal else Line.RULE_ALL
        self.desk.think(line, rule=quoted, plural=plural, filters=filters)
        for _ in self.desk.pages(tool, given, equal):
            pass

    def _quoted(self, policy: Policy, *, whole: bool) -> str:
        text = policy.text.zh if self.desk.words.zh else policy.text.en
        text = text.rstrip(".。")
        if not whole and self.desk.words.zh and len(text) > QUOTED_CHARS:
            text = f"{text[:QUOTED_CHARS]}……"
        if not whole and not self.desk.words.zh and len(text.split()) > QUOTED_WORDS:
            text = f"{' '.join(text.split()[:QUOTED_WORDS])} ..."
        return self.desk.words.say(Line.RULE, rule=text)
