"""What acting tools do: arguments read strictly, the action carried out whole or refused."""

import datetime as dt
from dataclasses import dataclass

from pydantic import JsonValue

from data.task import JsonObject, Language
from data.trajectory import Observation
from envs.general.domain import Action, Arg, Domain
from envs.general.expr import Value
from envs.general.kinds import TEXTUAL, Kind, clock, minutes
from envs.general.reads import Reader, failed, said
from envs.general.surface import arg_name, id_name
from envs.general.world import Change, Refused, World


@dataclass(frozen=True)
class Write:
    """A call that changed the world: the action and its arguments by their names in the file."""

    action: str
    values: dict[str, Value]


def perform(
    domain: Domain, reader: Reader, action: Action, given: JsonObject, world: World
) -> tuple[Observation, Write | None]:
    """Carries out a call whose arguments fit the schema; the write is None if it was refused."""
    values: dict[str, Value] = {}
    for arg in action.args.values():
        raw = given.get(arg_name(domain, arg))
        if raw is None:
            values[arg.name] = None
            continue
        if arg.type.kind is Kind.REF:
            if world.find(arg.type.table, str(raw)) is None:
                return reader.unknown(domain.tables[arg.type.table], str(raw)), None
            values[arg.name] = str(raw)
            continue
        try:
            values[arg.name] = read_value(arg, raw)
        except ValueError:
            return failed(_invalid(domain, arg, world.language)), None
    try:
        changes = world.act(action, values)
    except Refused as refused:
        head = "未执行：" if world.language is Language.ZH else "Not done: "
        return failed(head + str(refused)), None
    return said(_result(domain, reader, changes, world)), Write(action.name, values)


def read_value(arg: Arg, raw: JsonValue) -> Value:
    """The argument as expressions see it. Raises `ValueError` for what is no date, time or text."""
    kind = arg.type.kind
    if kind is Kind.INT:
        assert isinstance(raw, int | float)
        return int(raw)
    if kind is Kind.DATE:
        return dt.date.fromisoformat(str(raw)).isoformat()
    if kind is Kind.TIME:
        minute = minutes(str(raw))
        if minute >= 24 * 60 or int(str(raw)[3:]) > 59:
            raise ValueError(raw)
        return clock(minute)
    if kind is Kind.DATETIME:
        return dt.datetime.fromisoformat(str(raw)).strftime("%Y-%m-%d %H:%M")
    if kind in TEXTUAL:
        text = str(raw).strip()
        if not text or not text.isprintable():
            raise ValueError(raw)
        return text
    assert isinstance(raw, str | int | float | bool)
    return raw


def _invalid(domain: Domain, arg: Arg, language: Language) -> str:
    name = arg_name(domain, arg)
    if language is Language.ZH:
        return f"错误：{name} 不是有效的{arg.label.zh}。"
    return f"Error: {name} is not a valid {arg.label.en}."


def _result(
    domain: Domain, reader: Reader, changes: tuple[Change, ...], world: World
) -> JsonObject:
    """What the agent is told: every row that changed, as it is now."""
    done: list[JsonValue] = []
    for change in changes:
        table = domain.tables[change.table]
        if change.after is None:
            done.append({"deleted": {id_name(table): change.row_id}})
            continue
        row = world.find(change.table, change.row_id)
        if row is not None:
            verb = "created" if change.before is None else "updated"
            done.append({verb: {"type": table.name, **reader.shown(table, row)}})
    return {"ok": True, "changes": done}
