"""vLLM's tool parser for the encoding; every call is given when it is whole."""

from collections.abc import Sequence
from typing import Any

from vllm.tool_parsers.abstract_tool_parser import ToolParser

from model.vllm_plugin import compat
from model.vllm_plugin.reading import Call, ContentReader, Piece


class DsmlToolParser(ToolParser):
    """One instance a reply."""

    # A required or named call is read from the model's own format, never from bare JSON.
    supports_required_and_named = False

    def __init__(self, tokenizer: Any, tools: Any = None) -> None:
        super().__init__(tokenizer, tools)
        self._reader = ContentReader()
        self._num_calls = 0

    def extract_tool_calls(self, model_output: str, request: Any) -> Any:
        reader = ContentReader()
        first, last = reader.feed(model_output), reader.finish()
        content, calls = first.content + last.content, first.calls + last.calls
        return compat.ExtractedToolCallInformation(
            tools_called=bool(calls),
            tool_calls=[
                compat.ToolCall(function=compat.FunctionCall(name=c.name, arguments=c.arguments))
                for c in calls
            ],
            content=content or None,
        )

    def extract_tool_calls_streaming(
        self,
        previous_text: str,
        current_text: str,
        delta_text: str,
        previous_token_ids: Sequence[int],
        current_token_ids: Sequence[int],
        delta_token_ids: Sequence[int],
        request: Any,
    ) -> Any:
        """None where all of `delta_text` may yet become markup."""
        return self._delta(self._reader.feed(delta_text))

    def _delta(self, piece: Piece) -> Any:
        if not piece.content and not piece.calls:
            return None
        calls = [self._call(call) for call in piece.calls]
        return compat.DeltaMessage(content=piece.content or None, tool_calls=calls)

    def _call(self, call: Call) -> Any:
        index, self._num_calls = self._num_calls, self._num_calls + 1
        # vLLM compares what was parsed with what was streamed; here they are always equal.
        self.current_tool_id = index
        self.prev_tool_call_arr.append({"name": call.name, "arguments": call.arguments})
        self.streamed_args_for_tool.append(call.arguments)
        return compat.DeltaToolCall(
            index=index,
            id=compat.make_tool_call_id(),
            type="function",
            function=compat.DeltaFunctionCall(name=call.name, arguments=call.arguments),
        )
