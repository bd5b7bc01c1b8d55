"""vLLM's reasoning parser for the encoding: a reply reasons until `</think>`, if it thinks at all."""

from collections.abc import Iterable, Sequence
from typing import Any

from vllm.reasoning.abs_reasoning_parsers import ReasoningParser

from agents.dsml.markup import END_THINK, THINK
from model.vllm_plugin import compat
from model.vllm_plugin.chat import is_thinking


class DsmlReasoningParser(ReasoningParser):
    """The prompt opens the reasoning, so a reply holds its end only."""

    def __init__(self, tokenizer: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(tokenizer, *args, **kwargs)
        self.thinking = is_thinking(kwargs.get("chat_template_kwargs"))
        self.start_id, self.end_id = self.vocab[THINK], self.vocab[END_THINK]

    @property
    def reasoning_start_str(self) -> str:
        return THINK

    @property
    def reasoning_end_str(self) -> str:
        return END_THINK

    def is_reasoning_end(self, input_ids: Sequence[int]) -> bool:
        """Whether the newest marker in `input_ids`, a prompt or a reply, ends the reasoning."""
        for token in reversed(input_ids):
            if token in (self.start_id, self.end_id):
                return bool(token == self.end_id)
        return not self.thinking

    def is_reasoning_end_streaming(
        self, input_ids: Sequence[int], delta_ids: Iterable[int]
    ) -> bool:
        return not self.thinking or self.end_id in delta_ids

    def extract_content_ids(self, input_ids: list[int]) -> list[int]:
        if self.end_id not in input_ids:
            return [] if self.thinking else input_ids
        return input_ids[input_ids.index(self.end_id) + 1 :]

    def count_reasoning_tokens(self, token_ids: Sequence[int]) -> int:
        if not self.thinking:
            return 0
        ids = list(token_ids)
        return ids.index(self.end_id) if self.end_id in ids else len(ids)

    def extract_reasoning(self, model_output: str, request: Any) -> tuple[str | None, str | None]:
        """A reply that was cut off while it reasoned has no content."""
        if not self.thinking:
            return None, model_output
        reasoning, _, content = model_output.partition(END_THINK)
        return reasoning or None, content or None

    def extract_reasoning_streaming(
        self,
        previous_text: str,
        current_text: str,
        delta_text: str,
        previous_token_ids: Sequence[int],
        current_token_ids: Sequence[int],
        delta_token_ids: Sequence[int],
    ) -> Any:
        if not self.thinking:
            return compat.DeltaMessage(content=delta_text)
        reasoning, end, content = delta_text.partition(END_THINK)
        if not reasoning and not content:
            return None
        found = compat.DeltaMessage(reasoning=reasoning or None)
        if end:
            found.content = content or None
        return found
