"""JSON Schemas of tool arguments, with their texts in the world's language."""

from pydantic import JsonValue

from data.task import JsonObject, Language, ToolSpec
from envs.general.domain import Arg, Domain, Table
from envs.general.kinds import Kind, Type

MAX_TEXT = 500
MAX_ID = 64
MAX_NUMBER = 10**9


def make_tool(
    name: str, description: str, properties: dict[str, JsonObject], required: list[str]
) -> ToolSpec:
    schema: JsonObject = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    return ToolSpec(name=name[:64], description=description, parameters=schema)


def arg_schema(domain: Domain, arg: Arg, language: Language) -> JsonObject:
    words = arg.label.of(language)
    if arg.type.kind is Kind.REF:
        described = id_words(domain.tables[arg.type.table], language)
        if arg.label != domain.tables[arg.type.table].label:
            described = (
                f"{capital(words)}: {described}"
                if language is Language.EN
                else (f"{words}：{described}")
            )
        return {"type": "string", "minLength": 1, "maxLength": MAX_ID, "description": described}
    unit = arg.unit.of(language) if arg.unit else ""
    if arg.type.kind is Kind.MONEY:
        unit = domain.spec.currency
    schema = type_schema(arg.type, list(arg.values), limits=True)
    values = (
        "; ".join(f"{code}: {text.of(language)}" for code, text in arg.values.items())
        if arg.type.kind is Kind.ENUM
        else ""
    )
    return {**schema, "description": describe(words, unit, values, arg.type, language)}


def describe(words: str, unit: str, values: str, type_: Type, language: Language) -> str:
    form = {Kind.DATE: "YYYY-MM-DD", Kind.TIME: "HH:MM", Kind.DATETIME: "YYYY-MM-DD HH:MM"}.get(
        type_.kind, ""
    )
    extra = "; ".join(part for part in (form, unit) if part)
    if language is Language.ZH:
        text = words + (f"（{extra}）" if extra else "")
        return text + (f"。可选值：{values.replace('; ', '；')}" if values else "")
    text = capital(words) + (f" ({extra})" if extra else "")
    return text + (f". Values: {values}" if values else "")


def type_schema(type_: Type, values: list[str], *, limits: bool) -> JsonObject:
    match type_.kind:
        case Kind.ENUM:
            codes: list[JsonValue] = list(values)
            return {"type": "string", "enum": codes}
        case Kind.BOOL:
            return {"type": "boolean"}
        case Kind.INT | Kind.NUMBER | Kind.MONEY:
            low, high = (type_.low, type_.high) if limits and type_.bounded else (0, 0)
            if not type_.bounded or not limits:
                low, high = -MAX_NUMBER, MAX_NUMBER
            word = "integer" if type_.kind is Kind.INT else "number"
            return {"type": word, "minimum": plain_number(low), "maximum": plain_number(high)}
        case Kind.DATE:
            return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
        case Kind.TIME:
            return {"type": "string", "pattern": r"^\d{2}:\d{2}$"}
        case Kind.DATETIME:
            return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$"}
        case _:
            return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


def plain_number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def id_words(table: Table, language: Language) -> str:
    noun = table.label.of(language)
    column = table.columns[table.key].label.of(language) if table.key else ""
    if language is Language.ZH:
        return f"{noun}的{column or '编号'}"
    return f"{capital(column or 'id')} of the {noun}"
