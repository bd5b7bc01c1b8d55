"""Random values against a real JSON Schema validator."""

from random import Random

import pytest
from jsonschema import Draft202012Validator

from agents import draw
from data.task import JsonObject

SCHEMAS: list[JsonObject] = [
    {"type": "string", "minLength": 12, "maxLength": 15},
    {"type": "string", "maxLength": 2},
    {"enum": ["a", 1, None]},
    {"const": {"k": 1}},
    {"type": "integer", "minimum": -3, "maximum": -1},
    {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6},
    {"type": "integer", "minimum": 1, "maximum": 30, "multipleOf": 7},
    {"type": "integer", "maximum": -200},
    {"type": "integer", "minimum": 1000},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
    {"type": "number", "minimum": 0.001, "maximum": 0.002},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["string", "null"]},
    {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    {"type": "array"},
    {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": ["x"]}}]},
    {"$ref": "#/$defs/point"},
    {"oneOf": [{"$ref": "#/$defs/point"}, {"type": "null"}]},
    {"properties": {"a": {"type": "null"}}, "required": ["a"]},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_what_is_drawn_is_valid(schema: JsonObject) -> None:
    root: JsonObject = {
        "type": "object",
        "properties": {"value": schema, "other": {"type": "string"}},
        "required": ["value"],
        "additionalProperties": False,
        "$defs": {
            "point": {
                "type": "object",
                "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
                "required": ["x"],
                "additionalProperties": False,
            }
        },
    }
    Draft202012Validator.check_schema(root)
    validator = Draft202012Validator(root)
    for seed in range(50):
        validator.validate(draw.arguments(root, ["one", "two"], Random(seed)))


def test_numbers_rounded_for_the_reader_stay_within_their_bounds() -> None:
    bounded: JsonObject = {"type": "number", "minimum": 1.004, "maximum": 2.006}
    schema: JsonObject = {"properties": {"x": bounded}, "required": ["x"]}
    rng = Random(0)
    drawn = [draw.arguments(schema, [], rng)["x"] for _ in range(5000)]
    assert all(isinstance(x, float) and 1.004 <= x <= 2.006 for x in drawn)


def test_optional_arguments_are_sometimes_given_and_sometimes_not() -> None:
    schema: JsonObject = {"type": "object", "properties": {"a": {"type": "null"}}}
    drawn = [len(draw.arguments(schema, [], Random(seed))) for seed in range(50)]
    assert set(drawn) == {0, 1}


def test_free_text_is_made_of_the_words_given() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {"q": {"type": "string"}},
        "required": ["q"],
    }
    text = draw.arguments(schema, ["red", "blue"], Random(0))["q"]
    assert isinstance(text, str)
    assert set(text.split()) <= {"red", "blue"}
