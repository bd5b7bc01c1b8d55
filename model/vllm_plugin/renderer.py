"""vLLM's chat renderer for the encoding: messages in, one prompt out."""

from typing import Any

from vllm.renderers.base import BaseRenderer
from vllm.renderers.inputs.preprocess import parse_dec_only_prompt

from data.errors import UserError
from model.vllm_plugin.chat import is_thinking, prompt_of
from model.vllm_plugin.compat import parse_chat_messages


class DsmlRenderer(BaseRenderer[Any]):
    """Knows no chat template: a request's own template is refused."""

    def render_messages(self, messages: Any, params: Any) -> Any:
        """The conversation as vLLM keeps it, and the prompt. Raises ValueError for bad messages."""
        conversation, *_ = parse_chat_messages(messages, self.model_config, content_format="string")
        options = params.get_apply_chat_template_kwargs()
        if options.get("chat_template"):
            raise ValueError("this model has an encoding of its own; leave chat_template out")
        try:
            prompt = prompt_of(conversation, options.get("tools") or (), is_thinking(options))
        except UserError as error:
            raise ValueError(str(error)) from error
        return conversation, parse_dec_only_prompt(prompt)
