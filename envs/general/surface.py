"""The tools of a world, derived from its tables, actions and variant; their texts in its language."""

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from data.task import JsonObject, Language, ToolSpec
from envs.general.domain import Action, Arg, Column, Domain, Table
from envs.general.kinds import NUMERIC, TEMPORAL, TEXTUAL, Kind
from envs.general.schemas import (
    MAX_ID,
    MAX_TEXT,
    arg_schema,
    capital,
    describe,
    id_words,
    make_tool,
    type_schema,
)
from envs.general.variant import Extra, Paging, Style, Variant


class Op(StrEnum):
    GET = "get"
    LIST = "list"
    SEARCH = "search"
    FIND = "find"
    FIELDS = "fields"
    COUNT = "count"
    SUMMARY = "summary"
    CALENDAR = "calendar"


@dataclass(frozen=True)
class Filter:
    """One argument of a search: `how` is eq, has, min or max."""

    arg: str
    column: str
    how: str


@dataclass(frozen=True)
class ReadTool:
    """One way to read a table. `by` is the column that a list is restricted to."""

    op: Op
    table: str
    tool: ToolSpec
    by: str = ""
    brief: bool = False
    filters: tuple[Filter, ...] = field(default=())


def shown_name(domain: Domain, column: Column) -> str:
    """What a column is called in tools: refs to rows without a key of their own end in _id."""
    if column.kind is Kind.REF and not domain.tables[column.type.table].key:
        return f"{column.name}_id"
    return column.name


def id_name(table: Table) -> str:
    return table.key or f"{table.name}_id"


def arg_name(domain: Domain, arg: Arg) -> str:
    if arg.type.kind is Kind.REF and not domain.tables[arg.type.table].key:
        return f"{arg.name}_id"
    return arg.name


def read_tools(domain: Domain, variant: Variant) -> tuple[ReadTool, ...]:
    """Reading tools in the order of the file's tables."""
    made: list[ReadTool] = []
    for name in domain.spec.tables:
        if name in domain.tables:
            maker = _TableTools(domain, variant, domain.tables[name])
            made += maker.of(variant.styles.get(name, Style.SEARCH))
            made += maker.extras()
    if Extra.CALENDAR in variant.extras:
        made.append(_calendar(variant.language))
    taken = set(domain.actions)
    unique: dict[str, ReadTool] = {}
    for tool in made:
        if tool.tool.name not in taken:
            unique.setdefault(tool.tool.name, tool)
    return tuple(unique.values())


def action_tool(domain: Domain, action: Action, language: Language) -> ToolSpec:
    """The tool that carries out `action`."""
    properties = {
        arg_name(domain, arg): arg_schema(domain, arg, language) for arg in action.args.values()
    }
    required = [arg_name(domain, arg) for arg in action.args.values() if arg.required]
    return make_tool(action.name, action.does.of(language), properties, required)


class _TableTools:
    def __init__(self, domain: Domain, variant: Variant, table: Table) -> None:
        self.domain = domain
        self.variant = variant
        self.table = table
        self.language = variant.language
        self.zh = variant.language is Language.ZH

    def of(self, style: Style) -> list[ReadTool]:
        match style:
            case Style.SEARCH:
                return [self.search(), self.get()]
            case Style.LOOKUP:
                return [*self.lookups(), self.get()]
            case Style.BROWSE:
                return [self.listing(brief=True), self.get()]
            case Style.FIELDS:
                return [self.listing(brief=True), self.fields()]
            case Style.FULL:
                return [self.listing(brief=False)]

    def extras(self) -> list[ReadTool]:
        made = []
        if Extra.COUNT in self.variant.extras:
            made.append(self.count())
        measures = [c for c in self.table.columns.values() if c.kind in NUMERIC]
        groups = [c for c in self.table.columns.values() if c.kind in (Kind.ENUM, Kind.BOOL)]
        if Extra.SUMMARY in self.variant.extras and measures and groups:
            made.append(self.summary(measures, groups))
        return made

    def get(self) -> ReadTool:
        noun = self.table.label.of(self.language)
        said = (
            f"按编号查看一条{noun}记录的全部信息。"
            if self.zh
            else f"Shows everything about one {noun}."
        )
        tool = make_tool(f"get_{self.table.name}", said, self._id(), [id_name(self.table)])
        return ReadTool(Op.GET, self.table.name, tool)

    def fields(self) -> ReadTool:
        names: list[JsonValue] = [
            shown_name(self.domain, column) for column in self.table.columns.values()
        ]
        noun = self.table.label.of(self.language)
        said = (
            f"查看一条{noun}记录中指定的字段。"
            if self.zh
            else f"Shows chosen fields of one {noun}."
        )
        properties = self._id()
        properties["fields"] = {
            "type": "array",
            "items": {"type": "string", "enum": names},
            "minItems": 1,
            "maxItems": len(names),
            "description": "要查看的字段" if self.zh else "Which fields to show",
        }
        tool = make_tool(
            f"get_{self.table.name}_info", said, properties, [id_name(self.table), "fields"]
        )
        return ReadTool(Op.FIELDS, self.table.name, tool)

    def listing(self, *, brief: bool, by: str = "") -> ReadTool:
        noun, column = self.table.label, self.table.columns.get(by)
        properties = self._paging()
        required: list[str] = []
        name = f"list_{self.table.plural}"
        said = f"列出所有{noun.zh}" if self.zh else f"Lists all {noun.en_plural}"
        if column:
            name = f"list_{self.table.plural}_by_{by}"
            target = self.domain.tables[column.type.table]
            argument = shown_name(self.domain, column)
            words = {"description": id_words(target, self.language)}
            schema: JsonObject = {"type": "string", "minLength": 1, "maxLength": MAX_ID, **words}
            properties, required = {argument: schema, **properties}, [argument]
            label = column.label.of(self.language)
            said = f"按{label}列出{noun.zh}" if self.zh else f"Lists {noun.en_plural} by {label}"
        if self.zh:
            said += "（仅编号和名称）。" if brief else "。"
        else:
            said += " (ids and names only)." if brief else "."
        tool = make_tool(name, said, properties, required)
        return ReadTool(Op.LIST, self.table.name, tool, by=by, brief=brief)

    def lookups(self) -> list[ReadTool]:
        made = [self.find()] if self.table.name_column else []
        refs = [c for c in self.table.refs if c.type.table != self.table.name and not c.live]
        made += [self.listing(brief=False, by=column.name) for column in refs]
        if all(column.type.nullable for column in refs):
            made.append(self.listing(brief=True))
        return made

    def find(self) -> ReadTool:
        noun, column = self.table.label, self.table.columns[self.table.name_column]
        said = (
            f"按{column.label.zh}查找{noun.zh}，可只写一部分。"
            if self.zh
            else f"Finds {noun.en_plural} by {column.label.en}, or part of it."
        )
        argument: JsonObject = {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "description": column.label.zh if self.zh else capital(column.label.en),
        }
        tool = make_tool(
            f"find_{self.table.name}_by_{column.name}",
            said,
            {column.name: argument, **self._paging()},
            [column.name],
        )
        filters = (Filter(column.name, column.name, "has"),)
        return ReadTool(Op.FIND, self.table.name, tool, filters=filters, brief=False)

    def search(self) -> ReadTool:
        noun = self.table.label
        said = (
            f"按条件查找{noun.zh}，可排序。不给条件则列出全部。"
            if self.zh
            else f"Finds {noun.en_plural} by any of the filters; without filters, all of them."
        )
        filters, properties = self._filters()
        sortable: list[JsonValue] = [
            c.name for c in self.table.columns.values() if c.kind in NUMERIC | TEMPORAL
        ]
        if sortable:
            properties["sort_by"] = {
                "type": "string",
                "enum": sortable,
                "description": "排序字段" if self.zh else "Column to sort by",
            }
            properties["descending"] = {
                "type": "boolean",
                "description": "是否从大到小" if self.zh else "Largest or latest first",
            }
        properties |= self._paging()
        tool = make_tool(f"search_{self.table.plural}", said, properties, [])
        return ReadTool(Op.SEARCH, self.table.name, tool, filters=tuple(filters))

    def count(self) -> ReadTool:
        noun = self.table.label
        said = (
            f"统计符合条件的{noun.zh}数量。" if self.zh else f"Counts {noun.en_plural} by filters."
        )
        filters, properties = self._filters()
        tool = make_tool(f"count_{self.table.plural}", said, properties, [])
        return ReadTool(Op.COUNT, self.table.name, tool, filters=tuple(filters))

    def summary(self, measures: list[Column], groups: list[Column]) -> ReadTool:
        noun = self.table.label
        said = (
            f"按类别汇总{noun.zh}的数值（数量、最小、最大、平均）。"
            if self.zh
            else f"Number, least, largest and mean of a measure of {noun.en_plural}, by group."
        )
        properties: dict[str, JsonObject] = {
            "measure": {"type": "string", "enum": [c.name for c in measures]},
            "group_by": {"type": "string", "enum": [c.name for c in groups]},
        }
        tool = make_tool(
            f"summarise_{self.table.plural}", said, properties, ["measure", "group_by"]
        )
        return ReadTool(Op.SUMMARY, self.table.name, tool)

    def _id(self) -> dict[str, JsonObject]:
        words = id_words(self.table, self.language)
        return {
            id_name(self.table): {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_ID,
                "description": words,
            }
        }

    def _paging(self) -> dict[str, JsonObject]:
        size = self.variant.page_size
        match self.variant.paging:
            case Paging.ALL:
                return {}
            case Paging.PAGE:
                said = f"页码，每页{size}条" if self.zh else f"Page number; {size} to a page"
                return {
                    "page": {"type": "integer", "minimum": 1, "default": 1, "description": said}
                }
            case Paging.OFFSET:
                first = "从第几条之后开始" if self.zh else "How many to skip"
                limit = "最多返回几条" if self.zh else "How many to show"
                return {
                    "offset": {
                        "type": "integer",
                        "minimum": 0,
                        "default": 0,
                        "description": first,
                    },
                    "limit": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": size,
                        "default": size,
                        "description": limit,
                    },
                }

    def _filters(self) -> tuple[list[Filter], dict[str, JsonObject]]:
        filters: list[Filter] = []
        properties: dict[str, JsonObject] = {}
        for column in self.table.columns.values():
            words = column.label.of(self.language)
            unit = column.spec.unit.of(self.language) if column.spec.unit else ""
            if column.kind is Kind.MONEY:
                unit = self.domain.spec.currency
            values = (
                ""
                if column.kind is not Kind.ENUM
                else "; ".join(
                    f"{code}: {text.of(self.language)}"
                    for code, text in (column.spec.values or {}).items()
                )
            )
            described = describe(words, unit, values, column.type, self.language)
            schema = type_schema(column.type, list(column.spec.values or ()), limits=False)
            if column.kind in NUMERIC | TEMPORAL:
                for how in ("min", "max"):
                    arg = f"{how}_{column.name}"
                    end = (
                        {"min": "不小于", "max": "不大于"}
                        if self.zh
                        else {
                            "min": "At least: ",
                            "max": "At most: ",
                        }
                    )
                    filters.append(Filter(arg, column.name, how))
                    properties[arg] = {**schema, "description": end[how] + described}
            else:
                arg = shown_name(self.domain, column)
                how = "has" if column.kind in TEXTUAL else "eq"
                if column.kind is Kind.REF:
                    described = id_words(self.domain.tables[column.type.table], self.language)
                filters.append(Filter(arg, column.name, how))
                properties[arg] = {**schema, "description": described}
        return filters, properties


def _calendar(language: Language) -> ReadTool:
    said = "查询某一天是星期几。" if language is Language.ZH else "Tells the weekday of a date."
    schema: JsonObject = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    tool = make_tool("get_weekday", said, {"date": schema}, ["date"])
    return ReadTool(Op.CALENDAR, "", tool)
