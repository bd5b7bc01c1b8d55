"""Agent loop for verl 0.9: the row's own tools with their full schemas, in the row's own world.

One world a rollout: opened from `extra_info["task"]`, closed at its end. What the reward needs (the
final message by its token mask, the calls, the world's state) goes to `extra_info["palaestra"]`.
A fault of the world raises; it never becomes tool text. verl's cut of tool replies
(`max_tool_response_length`) does not apply: worlds limit their own observations.
"""

import json
from typing import Any

from verl.experimental.agent_loop.tool_agent_loop import (  # type: ignore[import-not-found]
    ToolAgentLoop,
)
from verl.tools.base_tool import BaseTool  # type: ignore[import-not-found]
from verl.tools.schemas import (  # type: ignore[import-not-found]
    OpenAIFunctionToolSchema,
    ToolResponse,
)

from .checkout import WORLDS, child, final_message, new_session


class FullSchema(OpenAIFunctionToolSchema):  # type: ignore[misc]
    """verl's schema for its parsers; the prompt gets the full one, which verl's class would cut."""

    full: dict[str, Any] = {}

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return self.full


class RowTool:
    """A tool of the row, as far as verl's loop looks at it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        function = {key: spec[key] for key in ("name", "description", "parameters")}
        self.name = spec["name"]
        self.tool_schema = FullSchema(
            type="function",
            function={**function, "parameters": flattened(spec["parameters"])},
            full={"type": "function", "function": function},
        )


class SchemaOnly(BaseTool):  # type: ignore[misc]
    """Stands in `tools.yaml`, from which verl counts prompt tokens; it cannot be executed."""

    async def execute(self, instance_id: str, parameters: dict[str, Any], **_: Any) -> Any:
        raise RuntimeError("tools of this data set run in the agent loop 'palaestra' only")


class PalaestraLoop(ToolAgentLoop):  # type: ignore[misc]
    """verl's tool loop, with the tools and the world of the row."""

    async def run(self, sampling_params: dict[str, Any], **kwargs: Any) -> Any:
        task = json.loads(kwargs["extra_info"]["task"])
        self.tools = {tool["name"]: RowTool(tool) for tool in task["tools"]}
        self._turns: list[dict[str, Any]] = []
        self._worlds = child(WORLDS)
        self._session = new_session()
        try:
            first = await self._worlds.reply(op="reset", session=self._session, task=task)
            kwargs["raw_prompt"] = with_observation(kwargs["raw_prompt"], first["text"])
            output = await super().run(sampling_params, **kwargs)
            state = await self._worlds.reply(op="state", session=self._session)
        finally:
            self._worlds.tell(op="close", session=self._session)
        answer, answered = self._final(output)
        record = {
            "answer": answer,
            "stop": "answered" if answered else "token_limit",
            "turns": self._turns,
            "state": state,
        }
        output.extra_fields["palaestra"] = json.dumps(record, ensure_ascii=False)
        return output

    async def _call_tool(self, tool_call: Any, tools_kwargs: Any, agent_data: Any) -> Any:
        try:
            arguments = json.loads(tool_call.arguments)
        except (json.JSONDecodeError, TypeError):
            arguments = None
        if not isinstance(arguments, dict):
            text = f"Error: {tool_call.name}: arguments must be one JSON object."
            return ToolResponse(text=text), 0.0, {}
        call = {"name": tool_call.name, "arguments": arguments}
        seen = await self._worlds.reply(op="call", session=self._session, call=call)
        self._turns.append({"calls": [call], "observations": [seen]})
        return ToolResponse(text=seen["text"]), 0.0, {}

    def _final(self, output: Any) -> tuple[str, bool]:
        """The text of the last model turn, and whether it ended by itself.

        The mask is 1 on the model's tokens and 0 on tool replies, so the last run of ones is it.
        """
        mask = list(output.response_mask)
        start = len(mask)
        while start > 0 and mask[start - 1]:
            start -= 1
        text = self.tokenizer.decode(
            output.response_ids[start : len(mask)], skip_special_tokens=True
        )
        answered = start < len(mask) < self.response_length
        return (final_message(text) if answered else ""), answered


def with_observation(messages: Any, text: str) -> list[dict[str, Any]]:
    """`messages` with the world's first observation at the end of the last one."""
    *before, last = [dict(message) for message in messages]
    return [*before, {**last, "content": last["content"] + (f"\n\n{text}" if text else "")}]


def flattened(parameters: dict[str, Any]) -> dict[str, Any]:
    """What verl's classes accept of a schema: type, description and enum of each property."""
    kept = ("type", "description", "enum")
    properties = {
        name: {"type": "string", **{key: schema[key] for key in kept if key in schema}}
        for name, schema in parameters.get("properties", {}).items()
    }
    required = parameters.get("required", [])
    return {"type": "object", "properties": properties, "required": required}
