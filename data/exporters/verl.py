"""verl 0.9: one Parquet file a split, its reward function and its agent loop.

Columns (one schema in every file): `data_source`, `prompt`, `ability`, `reward_model`, `extra_info`,
`agent_name`. Whatever differs from task to task is a JSON string: Arrow would merge objects of
different shape, and verl would meet None where a key is absent. `extra_info.task` is the public task
with full tool schemas; `reward_model.ground_truth` is the whole task. `tools_kwargs` is left out:
verl needs it as a real object whose keys are tool names, which Arrow cannot hold for mixed tasks,
and the agent loop reads `extra_info.task` instead.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import JsonValue

from data.exporters.base import about, full, pretty_json, ship
from data.hashing import canonical_json
from data.parquet import SplitWriter
from data.task import JsonObject, Task, ToolSpec

FORMAT_VERSION = "verl-0.9/1"

AGENT_NAME = "palaestra"
PACKAGE = "palaestra_verl"

KEPT_BY_VERL = frozenset({"type", "description", "enum"})
"""Keywords of a property that verl 0.9.1's own tool classes keep."""

SCHEMA = pa.schema(
    [
        ("data_source", pa.string()),
        ("prompt", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("ability", pa.string()),
        ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
        (
            "extra_info",
            pa.struct(
                [
                    ("index", pa.int64()),
                    ("split", pa.string()),
                    ("need_tools_kwargs", pa.bool_()),
                    ("tool_selection", pa.list_(pa.string())),
                    ("task_id", pa.string()),
                    ("kind", pa.string()),
                    ("language", pa.string()),
                    ("level", pa.int64()),
                    ("licence", pa.string()),
                    ("content_hash", pa.string()),
                    ("provenance", pa.string()),
                    ("certificate", pa.string()),
                    ("task", pa.string()),
                ]
            ),
        ),
        ("agent_name", pa.string()),
    ]
)


def write(tasks: Iterator[Task], out: Path) -> Mapping[str, int]:
    tools: dict[str, ToolSpec] = {}
    index: Counter[str] = Counter()
    with SplitWriter(out, SCHEMA) as writer:
        for task in tasks:
            writer.add(task.split, row(task, index[task.split]))
            index[task.split] += 1
            tools.update((canonical_json(tool.model_dump()), tool) for tool in task.tools)
    _write_code(out, [tools[key] for key in sorted(tools)])
    return writer.rows


def row(task: Task, index: int) -> dict[str, Any]:
    """The row of `task`, the `index`-th of its split."""
    facts = about(task)
    return {
        "data_source": f"palaestra/{task.kind}",
        "prompt": [message.model_dump(mode="json") for message in task.prompt],
        "ability": task.kind.value,
        "reward_model": {"style": "rule", "ground_truth": canonical_json(full(task))},
        "extra_info": {
            "index": index,
            "split": task.split.value,
            "need_tools_kwargs": False,
            "tool_selection": [tool.name for tool in task.tools],
            "task_id": task.id,
            "kind": task.kind.value,
            "language": task.language.value,
            "level": facts["level"],
            "licence": facts["licence"],
            "content_hash": facts["content_hash"],
            "provenance": canonical_json(facts["provenance"]),
            "certificate": canonical_json(facts["certificate"]),
            "task": canonical_json(task.public().model_dump(mode="json")),
        },
        "agent_name": AGENT_NAME,
    }


def dropped_keywords(schema: JsonObject) -> list[str]:
    """Where verl's own tool classes lose something: `top_k.minimum`, `top_k.default`, ..."""
    lost = sorted(set(schema) - {"type", "properties", "required"})
    properties = schema.get("properties", {})
    assert isinstance(properties, dict), "a tool's properties are an object"
    for name, inner in sorted(properties.items()):
        keywords = set(inner) if isinstance(inner, dict) else {"boolean schema"}
        lost += [f"{name}.{keyword}" for keyword in sorted(keywords - KEPT_BY_VERL)]
        if "type" not in keywords:
            lost.append(f"{name}: no type; read as string")
    return lost


def _write_code(out: Path, tools: list[ToolSpec]) -> None:
    package = out / PACKAGE
    package.mkdir()
    for name in ("checkout.py", "agent_loop.py"):
        ship(name, package / name)
    ship("reward.py", out / "reward.py")
    ship("verl.md", out / "README.md")
    (package / "__init__.py").write_text('"""Runs the tasks of this export in verl."""\n', "utf-8")
    # JSON is YAML, and has one way to write a value.
    loop: list[JsonValue] = [
        {"name": AGENT_NAME, "_target_": f"{PACKAGE}.agent_loop.PalaestraLoop"}
    ]
    (out / "agent_loop.yaml").write_text(pretty_json(loop), "utf-8")
    (out / "tools.yaml").write_text(pretty_json({"tools": [_tool(t) for t in tools]}), "utf-8")
    lost: dict[str, set[str]] = {}
    for tool in tools:
        lost.setdefault(tool.name, set()).update(dropped_keywords(tool.parameters))
    loss: JsonObject = {name: [*sorted(keywords)] for name, keywords in lost.items()}
    (out / "tools_loss.json").write_text(pretty_json(loss), "utf-8")


def _tool(tool: ToolSpec) -> JsonObject:
    """A tool as verl's configuration declares it, cut to what its classes accept."""
    properties = tool.parameters.get("properties", {})
    assert isinstance(properties, dict), "a tool's properties are an object"
    kept: JsonObject = {}
    for name, inner in properties.items():
        schema = inner if isinstance(inner, dict) else {}
        known = {key: value for key, value in schema.items() if key in KEPT_BY_VERL}
        kept[name] = {"type": "string", **known}
    parameters = {
        "type": "object",
        "properties": kept,
        "required": tool.parameters.get("required", []),
    }
    return {
        "class_name": f"{PACKAGE}.agent_loop.SchemaOnly",
        "config": {"type": "native"},
        "tool_schema": {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": parameters,
            },
        },
    }
