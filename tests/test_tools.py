"""Tool arguments meet one schema check with one wording, whatever the world."""

import pytest

from data.task import JsonObject, ToolCall, ToolSpec
from data.trajectory import Observation
from envs.tools import argument_errors, dispatch

TOOL = ToolSpec(
    name="book",
    description="Books seats.",
    parameters={
        "type": "object",
        "properties": {
            "seats": {"type": "integer", "minimum": 1, "maximum": 9},
            "train": {"type": "string", "maxLength": 5},
            "class": {"enum": ["first", "second"]},
            "options": {"type": "object", "properties": {"quiet": {"type": "boolean"}}},
        },
        "required": ["seats", "train"],
        "additionalProperties": False,
    },
)


@pytest.mark.parametrize(
    ("arguments", "errors"),
    [
        pytest.param({"seats": 2, "train": "G7"}, [], id="valid"),
        pytest.param({"train": "G7"}, ["missing argument 'seats'"], id="missing"),
        pytest.param(
            {"seats": "2", "train": "G7"},
            ['seats must be of type integer, got "2"'],
            id="text is no number",
        ),
        pytest.param(
            {"seats": True, "train": "G7"},
            ["seats must be of type integer, got true"],
            id="truth is no number",
        ),
        pytest.param({"seats": 0, "train": "G7"}, ["seats breaks minimum 1, got 0"], id="range"),
        pytest.param(
            {"seats": 1, "train": "G7", "window": 1},
            ["unknown argument 'window'; known are class, options, seats, train"],
            id="unknown",
        ),
        pytest.param(
            {"seats": 1, "train": "G7", "class": "third"},
            ['class must be one of "first", "second", got "third"'],
            id="enum",
        ),
        pytest.param(
            {"seats": 1, "train": "G7", "options": {"quiet": 1}},
            ["options.quiet must be of type boolean, got 1"],
            id="nested",
        ),
    ],
)
def test_every_mistake_has_one_sentence(arguments: JsonObject, errors: list[str]) -> None:
    assert argument_errors(TOOL, arguments) == errors


def test_all_mistakes_are_told_at_once_and_long_values_are_cut() -> None:
    errors = argument_errors(TOOL, {"seats": 10, "train": "x" * 1000})
    assert len(errors) == 2
    assert max(map(len, errors)) < 250


async def test_a_bad_call_is_an_observation_and_never_reaches_the_tool() -> None:
    reached = []

    async def book(arguments: JsonObject) -> Observation:
        reached.append(arguments)
        return Observation(text="booked")

    tools = (TOOL,)
    unknown = await dispatch(tools, {"book": book}, ToolCall(name="fly", arguments={}))
    assert unknown.error
    assert unknown.text == "Error: no tool 'fly'; tools are book."
    bad = await dispatch(tools, {"book": book}, ToolCall(name="book", arguments={}))
    assert bad.error
    assert reached == []
    good = ToolCall(name="book", arguments={"seats": 1, "train": "G7"})
    assert await dispatch(tools, {"book": book}, good) == Observation(text="booked")
    assert reached == [{"seats": 1, "train": "G7"}]
