"""Tool calls against their JSON Schema: one check and one wording for every world.

The schema in `ToolSpec.parameters` is the only source of truth. Nothing is coerced: "3" is not 3.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from data.hashing import canonical_json
from data.task import JsonObject, ToolCall, ToolSpec
from data.trajectory import Observation

Handler = Callable[[JsonObject], Awaitable[Observation]]

MAX_SHOWN = 120
"""Characters of an offending value that an error repeats."""


MAX_TOOLS = 1024
"""Tools whose validators are kept."""

_by_tool: dict[int, tuple[ToolSpec, Draft202012Validator]] = {}


@lru_cache(maxsize=MAX_TOOLS)
def _validator(schema: str) -> Draft202012Validator:
    parsed = json.loads(schema)
    Draft202012Validator.check_schema(parsed)
    return Draft202012Validator(parsed)


def _compiled(tool: ToolSpec) -> Draft202012Validator:
    """The validator of `tool`, found by the object itself: to write its schema out costs more."""
    held = _by_tool.get(id(tool))
    if held is None or held[0] is not tool:
        if len(_by_tool) >= MAX_TOOLS:
            _by_tool.clear()
        held = _by_tool[id(tool)] = (tool, _validator(canonical_json(tool.parameters)))
    return held[1]


def argument_errors(tool: ToolSpec, arguments: JsonObject) -> list[str]:
    """Everything wrong with `arguments`, one sentence each, in a fixed order; empty if valid."""
    validator = _compiled(tool)
    if validator.is_valid(arguments):
        return []
    errors = sorted(
        validator.iter_errors(arguments), key=lambda e: (list(map(str, e.path)), e.message)
    )
    return [_sentence(error) for error in errors]


def _sentence(error: ValidationError) -> str:
    rule: Any = error.validator_value
    schema: Any = error.schema
    given: Any = error.instance
    where = ".".join(map(str, error.absolute_path))
    match error.validator:
        case "required":
            missing = [name for name in rule if name not in given]
            return f"missing argument {', '.join(map(repr, missing))}"
        case "additionalProperties":
            known = list(schema.get("properties", {}))
            extra = sorted(set(given) - set(known))
            return f"unknown argument {', '.join(map(repr, extra))}; known are {', '.join(known)}"
        case "type":
            wanted = rule if isinstance(rule, str) else " or ".join(rule)
            return f"{where or 'arguments'} must be of type {wanted}, got {_shown(error.instance)}"
        case "enum":
            options = ", ".join(json.dumps(v, ensure_ascii=False) for v in rule)
            return f"{where} must be one of {options}, got {_shown(error.instance)}"
        case "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems":
            limit = f"{error.validator} {rule}"
            return f"{where} breaks {limit}, got {_shown(error.instance)}"
        case _:
            return f"{where or 'arguments'}: {error.message[:MAX_SHOWN]}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


async def dispatch(
    tools: tuple[ToolSpec, ...], handlers: Mapping[str, Handler], call: ToolCall
) -> Observation:
    """Validates `call` and runs its handler; what is wrong with the call is told to the agent."""
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        known = ", ".join(tool.name for tool in tools)
        return Observation(text=f"Error: no tool {call.name!r}; tools are {known}.", error=True)
    errors = argument_errors(tool, call.arguments)
    if errors:
        return Observation(text=f"Error: {call.name}: {'; '.join(errors)}.", error=True)
    return await handlers[call.name](call.arguments)
