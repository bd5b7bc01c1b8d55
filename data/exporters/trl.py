"""TRL 1.16: one Parquet file a split, the hidden part apart, and a package with the trainer's parts.

`<split>.parquet` has `prompt`, `environment` (the factory's key), `task_id` and what is known of the
task; `hidden/<split>.jsonl` has the whole task by id and is read by the reward function only.
`palaestra_trl` has `spec.load`, and one environment class for each set of tools, with a typed
asynchronous method for each tool, written from its JSON Schema.
"""

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from data.errors import UserError
from data.exporters.base import JsonLines, about, full, ship
from data.hashing import canonical_json, content_hash
from data.parquet import SplitWriter
from data.task import JsonObject, Task, ToolSpec

FORMAT_VERSION = "trl-1.16/1"

PACKAGE = "palaestra_trl"

TAKEN = frozenset({"reset", "get_reward"})
"""Methods of an environment that TRL itself calls."""

SCHEMA = pa.schema(
    [
        ("prompt", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("environment", pa.string()),
        ("task_id", pa.string()),
        ("kind", pa.string()),
        ("language", pa.string()),
        ("split", pa.string()),
        ("level", pa.int64()),
        ("licence", pa.string()),
        ("content_hash", pa.string()),
        ("provenance", pa.string()),
        ("certificate", pa.string()),
        ("task", pa.string()),
    ]
)


def write(tasks: Iterator[Task], out: Path) -> Mapping[str, int]:
    toolsets: dict[str, tuple[ToolSpec, ...]] = {}
    with SplitWriter(out, SCHEMA) as rows, JsonLines(out, "hidden") as hidden:
        for task in tasks:
            name = environment_name(task)
            toolsets[name] = task.tools
            rows.add(task.split, row(task, name))
            hidden.add(task.split, {"id": task.id, "task": full(task)})
    _write_code(out, toolsets)
    return rows.rows + hidden.rows


def environment_name(task: Task) -> str:
    """Name of the task's set of tools; equal tools, equal name."""
    tools = [tool.model_dump(mode="json") for tool in task.tools]
    return f"{task.kind}_{content_hash(tools)[:8]}"


def row(task: Task, environment: str) -> dict[str, Any]:
    facts = about(task)
    return {
        "prompt": [message.model_dump(mode="json") for message in task.prompt],
        "environment": environment,
        "task_id": task.id,
        "kind": task.kind.value,
        "language": task.language.value,
        "split": task.split.value,
        "level": facts["level"],
        "licence": facts["licence"],
        "content_hash": facts["content_hash"],
        "provenance": canonical_json(facts["provenance"]),
        "certificate": canonical_json(facts["certificate"]),
        "task": canonical_json(task.public().model_dump(mode="json")),
    }


def _write_code(out: Path, toolsets: Mapping[str, tuple[ToolSpec, ...]]) -> None:
    package = out / PACKAGE
    package.mkdir()
    for name in ("checkout.py", "world.py", "spec.py"):
        ship(name, package / name)
    ship("trl.md", out / "README.md")
    (package / "__init__.py").write_text('"""Runs the tasks of this export in TRL."""\n', "utf-8")
    (package / "environments.py").write_text(environments_source(toolsets), "utf-8")


def environments_source(toolsets: Mapping[str, tuple[ToolSpec, ...]]) -> str:
    """A Python module with one class for each set of tools, and `ENVIRONMENTS` by name."""
    head = (
        '"""Environments of this export, one for each set of tools; their methods are the tools."""'
    )
    classes = "".join(_class(name, toolsets[name]) for name in sorted(toolsets))
    typing = "from typing import Any\n\n" if re.search(r"\bAny\b", classes) else ""
    table = "".join(f'    "{name}": {class_name(name)},\n' for name in sorted(toolsets))
    return (
        f"{head}\n\n{typing}from .world import World\n{classes}\n\nENVIRONMENTS = {{\n{table}}}\n"
    )


def class_name(environment: str) -> str:
    return "".join(part.capitalize() for part in environment.split("_")) + "World"


def _class(name: str, tools: tuple[ToolSpec, ...]) -> str:
    methods = "".join(_method(tool) for tool in tools)
    return f'\n\nclass {class_name(name)}(World):\n    """Tools of `{name}`."""\n{methods}'


def _method(tool: ToolSpec) -> str:
    """One tool as a typed method with a Google docstring, from which TRL makes its schema again."""
    if not _usable(tool.name) or tool.name in TAKEN:
        raise UserError(f"tool {tool.name!r} cannot be a method of a TRL environment; rename it")
    properties = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", [])
    assert isinstance(properties, dict), "a tool's properties are an object"
    assert isinstance(required, list), "required is a list of names"
    # Python wants parameters without a default first; otherwise the schema's order is kept.
    ordered = sorted(properties, key=lambda parameter: parameter not in required)
    signature, lines, sent = "", "", ""
    for parameter in ordered:
        if not _usable(parameter) or parameter == "self":
            raise UserError(f"argument {parameter!r} of tool {tool.name!r} is no Python name")
        schema = properties[parameter]
        assert isinstance(schema, dict), "a property's schema is an object"
        annotation = python_type(schema)
        optional = "" if parameter in required else " | None = None"
        signature += f", {parameter}: {annotation}{optional}"
        lines += f"            {parameter}: {_described(parameter, schema)}\n"
        sent += f'"{parameter}": {parameter}, '
    arguments = f"\n        Args:\n{lines}" if lines else ""
    return (
        f"\n    async def {tool.name}(self{signature}) -> str:\n"
        f'        """{_safe(tool.description)}\n{arguments}\n'
        "        Returns:\n            What the world shows.\n"
        '        """\n'
        f'        return await self._call("{tool.name}", {{{sent.removesuffix(", ")}}})\n'
    )


def python_type(schema: JsonObject) -> str:
    """The annotation whose schema is nearest to `schema`; `Any` where there is none."""
    names = {
        "string": "str",
        "integer": "int",
        "number": "float",
        "boolean": "bool",
        "object": "dict",
    }
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("items")
        return f"list[{python_type(items)}]" if isinstance(items, dict) else "list"
    return names.get(kind, "Any") if isinstance(kind, str) else "Any"


def _described(parameter: str, schema: JsonObject) -> str:
    """The description, then what a Python annotation cannot say."""
    text = schema.get("description") or parameter.replace("_", " ")
    rest: dict[str, JsonValue] = {
        key: value
        for key, value in sorted(schema.items())
        if key not in ("type", "description", "items", "title")
    }
    said = "; ".join(
        f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in rest.items()
    )
    return _safe(f"{text} ({said})" if said else str(text))


def _safe(text: str) -> str:
    """`text` on one line of a docstring."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''").rstrip('"')


def _usable(name: str) -> bool:
    return name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name)
