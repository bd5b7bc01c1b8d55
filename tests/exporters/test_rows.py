"""The row contract of each target, read back by pyarrow or json alone."""

import ast
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import UserError
from data.exporters import export
from data.exporters.trl import environments_source
from data.exporters.verl import dropped_keywords
from data.task import JsonObject, PublicTask, Split, Task, TaskBody, ToolSpec
from tests.exporters.factory import TOOLS, body, certified, tasks

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

VERL_COLUMNS = {
    "data_source": pa.string(),
    "prompt": MESSAGES,
    "ability": pa.string(),
    "reward_model": pa.struct([("style", pa.string()), ("ground_truth", pa.string())]),
    "agent_name": pa.string(),
}
VERL_EXTRA_INFO = {
    "index": pa.int64(),
    "split": pa.string(),
    "need_tools_kwargs": pa.bool_(),
    "tool_selection": pa.list_(pa.string()),
}
VERL_FORBIDDEN = {
    *("trace", "trajectory", "sampling_params", "priority", "session_id", "raw_prompt", "index"),
    *("tools_kwargs", "interaction_kwargs", "dummy_tensor"),
}
TRL_FORBIDDEN = {
    *("completion", "completions", "completion_ids", "prompts", "environments", "trainer_state"),
    *("log_extra", "log_metric", "images", "image"),
}


def rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return list(pq.read_table(path).to_pylist())


def of_split(some: list[Task], split: str) -> list[Task]:
    return [task for task in some if task.split == split]


def json_equal(text: str, value: object) -> bool:
    return bool(json.loads(text) == value)


@pytest.fixture(scope="module")
def made() -> list[Task]:
    """Tasks whose options, and whose tools, are of different shapes."""
    other = ToolSpec(
        name="lookup",
        description="Looks a key up.",
        parameters={"type": "object", "properties": {}},
    )
    odd = certified(body(999, split=Split.TRAIN, tools=(other,)))
    return sorted([*tasks(60), odd], key=lambda task: task.id)


@pytest.mark.parametrize("split", list(Split))
def test_the_two_sides_of_jsonl_make_the_whole_task(
    split: Split, made: list[Task], tmp_path: Path
) -> None:
    export(made, "jsonl", tmp_path / "out")
    public = rows(tmp_path / "out" / "public" / f"{split}.jsonl")
    hidden = rows(tmp_path / "out" / "hidden" / f"{split}.jsonl")
    wanted = of_split(made, split)
    for task, seen, rest in zip(wanted, public, hidden, strict=True):
        assert PublicTask.model_validate(seen["task"]) == task.public()
        assert rest["id"] == task.id
        agent = {key: seen["task"][key] for key in seen["task"] if key != "id"}
        shared = {key: seen[key] for key in ("split", "licence", "provenance")}
        secret = {key: rest[key] for key in ("hidden", "difficulty", "fingerprint")}
        again = Task.of(TaskBody.model_validate({**agent, **shared, **secret}))
        assert again == task.model_copy(update={"certificate": None})
        assert task.id.endswith(seen["content_hash"][:20])


def test_no_hidden_text_is_in_the_public_files(made: list[Task], tmp_path: Path) -> None:
    export(made, "jsonl", tmp_path / "out")
    for file in (tmp_path / "out" / "public").iterdir():
        text = file.read_text("utf-8")
        assert "Term" not in text
        assert '"reference"' not in text
        assert '"verifier"' not in text


def test_verl_rows_keep_the_written_contract(made: list[Task], tmp_path: Path) -> None:
    export(made, "verl", tmp_path / "out")
    schemas = {pq.read_schema(tmp_path / "out" / f"{split}.parquet") for split in Split}
    assert len(schemas) == 1
    schema = schemas.pop()
    extra = schema.field("extra_info").type
    assert {f.name: f.type for f in schema if f.name != "extra_info"} == plain(VERL_COLUMNS)
    found = {extra.field(i).name: extra.field(i).type for i in range(extra.num_fields)}
    assert found.items() >= plain(VERL_EXTRA_INFO).items()
    assert not VERL_FORBIDDEN & set(schema.names)
    assert schema.metadata is None


def plain(columns: dict[str, Any]) -> dict[str, Any]:
    """Types as a reader sees them without an Arrow schema: Parquet calls list items `element`."""
    written = pa.schema(list(columns.items()))
    sink = pa.BufferOutputStream()
    pq.write_table(written.empty_table(), sink, store_schema=False)
    read = pq.read_schema(pa.BufferReader(sink.getvalue()))
    return {field.name: field.type for field in read}


@pytest.mark.parametrize("split", list(Split))
def test_verl_rows_say_what_the_tasks_say(split: Split, made: list[Task], tmp_path: Path) -> None:
    export(made, "verl", tmp_path / "out")
    wanted = of_split(made, split)
    for index, (task, row) in enumerate(
        zip(wanted, rows(tmp_path / "out" / f"{split}.parquet"), strict=True)
    ):
        extra = row["extra_info"]
        assert row["data_source"] == "palaestra/search"
        assert row["agent_name"] == "palaestra"
        assert row["prompt"] == [m.model_dump(mode="json") for m in task.prompt]
        assert row["reward_model"]["style"] == "rule"
        whole = Task.model_validate_json(row["reward_model"]["ground_truth"])
        assert whole == task.model_copy(update={"certificate": None})
        assert PublicTask.model_validate_json(extra["task"]) == task.public()
        assert extra["tool_selection"] == [tool.name for tool in task.tools]
        assert (extra["index"], extra["split"], extra["task_id"]) == (index, split, task.id)
        assert (extra["need_tools_kwargs"], extra["level"]) == (False, task.difficulty.level)
        assert json_equal(extra["provenance"], task.provenance.model_dump(mode="json"))
        assert extra["licence"] == "CC0-1.0"
        assert len(json.loads(extra["certificate"])["passed"]) == 9


def test_no_cell_of_a_parquet_file_is_null(made: list[Task], tmp_path: Path) -> None:
    for target in ("verl", "trl"):
        export(made, target, tmp_path / target)
        for file in (tmp_path / target).glob("*.parquet"):
            flat = pq.read_table(file).flatten().flatten()
            assert {
                name: flat.column(name).null_count for name in flat.column_names
            } == dict.fromkeys(flat.column_names, 0)


def test_the_loss_report_names_each_keyword_that_verl_drops(
    made: list[Task], tmp_path: Path
) -> None:
    export(made, "verl", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "tools_loss.json").read_text())
    assert report == {
        "lookup": [],
        "open": ["additionalProperties"],
        "search": [
            "additionalProperties",
            "query.minLength",
            "top_k.default",
            "top_k.maximum",
            "top_k.minimum",
        ],
    }


def test_nested_schemas_are_reported_as_lost() -> None:
    nested: JsonObject = {
        "type": "object",
        "properties": {"stops": {"type": "array", "items": {"type": "string"}}, "when": {}},
    }
    assert dropped_keywords(nested) == ["stops.items", "when: no type; read as string"]


def test_trl_rows_keep_the_written_contract(made: list[Task], tmp_path: Path) -> None:
    export(made, "trl", tmp_path / "out")
    for split in Split:
        path = tmp_path / "out" / f"{split}.parquet"
        schema = pq.read_schema(path)
        assert schema.field("prompt").type == plain({"prompt": MESSAGES})["prompt"]
        assert not TRL_FORBIDDEN & set(schema.names)
        hidden = rows(tmp_path / "out" / "hidden" / f"{split}.jsonl")
        for task, row, secret in zip(of_split(made, split), rows(path), hidden, strict=True):
            assert row["prompt"] == [m.model_dump(mode="json") for m in task.prompt]
            assert row["task_id"] == secret["id"] == task.id
            assert PublicTask.model_validate_json(row["task"]) == task.public()
            whole = Task.model_validate(secret["task"])
            assert whole == task.model_copy(update={"certificate": None})
            assert "Term" not in json.dumps(row)


def test_each_set_of_tools_is_one_trl_environment(made: list[Task], tmp_path: Path) -> None:
    export(made, "trl", tmp_path / "out")
    named = {
        row["environment"]: [tool["name"] for tool in json.loads(row["task"])["tools"]]
        for split in Split
        for row in rows(tmp_path / "out" / f"{split}.parquet")
    }
    assert sorted(named.values()) == [["lookup"], ["search", "open"]]
    source = (tmp_path / "out" / "palaestra_trl" / "environments.py").read_text()
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    methods = {
        tuple(n.name for n in c.body if isinstance(n, ast.AsyncFunctionDef)) for c in classes
    }
    assert methods == {tuple(names) for names in named.values()}


@pytest.mark.parametrize("name", ["reset", "get_reward", "_hidden", "two words", "class"])
def test_a_tool_that_trl_could_not_call_is_refused(name: str) -> None:
    tool = ToolSpec(name=name, description="", parameters={"type": "object", "properties": {}})
    with pytest.raises(UserError, match="cannot be a method"):
        environments_source({"search_0": (tool,)})


def test_a_description_cannot_break_out_of_the_written_code() -> None:
    wild = 'Says """hi""" \\ and\nmore"'
    tool = TOOLS[1].model_copy(update={"description": wild})
    module = ast.parse(environments_source({"search_0": (tool,)}))
    (world,) = (node for node in module.body if isinstance(node, ast.ClassDef))
    (method,) = (node for node in world.body if isinstance(node, ast.AsyncFunctionDef))
    described = ast.get_docstring(method)
    assert described is not None
    assert described.startswith("Says '''hi''' \\ and more")


def test_types_of_arguments_survive_in_the_written_signatures() -> None:
    schemas: JsonObject = {
        "stops": {"type": "array", "items": {"type": "string"}},
        "budget": {"type": "number"},
        "direct": {"type": "boolean"},
        "options": {"type": "object"},
        "when": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    }
    parameters: JsonObject = {"type": "object", "properties": schemas, "required": ["budget"]}
    tool = ToolSpec(name="plan", description="Plans.", parameters=parameters)
    source = environments_source({"general_0": (tool,)})
    assert "from typing import Any" in source
    assert (
        "async def plan(self, budget: float, stops: list[str] | None = None, "
        "direct: bool | None = None, options: dict | None = None, when: Any | None = None) -> str:"
    ) in source
