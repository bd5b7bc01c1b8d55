"""A model behind a plain text endpoint (`/v1/completions`), spoken to in the DSML encoding.

For models that were trained on it, and where an endpoint's own chat template is not to be trusted:
what is sent is exactly what an SFT export renders. The transport is that of `agents/llm.py`.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from agents import wire
from agents.chat import Conversation, FinishReason, MalformedCall, Reply, Usage
from agents.dsml import FormatError, StreamParser, encode, from_conversation
from agents.dsml.markup import EOS
from agents.llm import OpenAIChat, Sampling
from agents.transport import Endpoint, Response
from data.errors import ModelFault
from data.task import JsonObject, ToolSpec
from data.trajectory import TokenRecord

FIXED = {
    "stop": [EOS],
    # The text has its own begin token, and its tags are tokens that must come back as text.
    "add_special_tokens": False,
    "skip_special_tokens": False,
    "spaces_between_special_tokens": False,
}


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class _Logprobs(_Part):
    token_logprobs: list[float | None] | None = None


class _Choice(_Part):
    text: str
    finish_reason: str | None = None
    prompt_token_ids: list[int] | None = None
    token_ids: list[int] | None = None
    logprobs: _Logprobs | None = None


class _Usage(_Part):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _TextCompletion(_Part):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class TextChat(OpenAIChat):
    """Give it to `connect` as `chat_type`; `partial(TextChat, thinking=False)` for chat mode."""

    route = "completions"

    def __init__(
        self, endpoint: Endpoint, model: str, sampling: Sampling, thinking: bool = True
    ) -> None:
        super().__init__(endpoint, model, sampling)
        self.thinking = thinking

    @property
    def name(self) -> str:
        return f"{super().name} dsml={'thinking' if self.thinking else 'chat'}"

    @property
    def settings(self) -> JsonObject:
        return {**super().settings, "dsml": "thinking" if self.thinking else "chat"}

    def _body(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> bytes:
        body = {
            **FIXED,
            **self.sampling.body(),
            "model": self.model,
            "prompt": encode(from_conversation(conversation, tools), self.thinking),
        }
        if self.sampling.return_tokens:
            body["logprobs"] = 0
        return to_json(body)

    def _reply(self, response: Response) -> Reply:
        try:
            completion = _TextCompletion.model_validate_json(response.body)
        except ValidationError as e:
            wrong = e.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, wrong["loc"])) or "body"
            raise ModelFault(f"the response is no text completion ({place}: {wrong['msg']})") from e
        choice, usage = completion.choices[0], completion.usage or _Usage()
        if choice.finish_reason in wire.BROKEN_OFF:
            raise ModelFault(f"the endpoint broke the reply off ({choice.finish_reason})")
        reply = read_text(choice.text, self.thinking, cut=choice.finish_reason in wire.CUT)
        counted = Usage(
            num_prompt_tokens=usage.prompt_tokens, num_completion_tokens=usage.completion_tokens
        )
        more = {"usage": counted, "tokens": _tokens(choice), "seconds": response.seconds}
        return reply.model_copy(update={**more, "setbacks": response.setbacks})


def read_text(text: str, thinking: bool, cut: bool = False) -> Reply:
    """The reply that `text` holds.

    A text that leaves the grammar runs nothing: it becomes one malformed call that says why, unless
    the text was `cut` and could not be whole.
    """
    parser = StreamParser(thinking)
    try:
        parser.feed(text)
        reasoning, content, calls = parser.finish()
    except FormatError as e:
        reasoning, content, _ = parser.parsed
        problem = f"your reply does not follow the format, {e}; no call was run"
        calls = () if cut else (MalformedCall(name="", problem=problem),)
    reason = FinishReason.LENGTH if cut else FinishReason.STOP
    return Reply(content=content, reasoning=reasoning, calls=calls, finish_reason=reason)


def _tokens(choice: _Choice) -> TokenRecord | None:
    """Token ids as vLLM reports them; None unless all of them are there."""
    logprobs = choice.logprobs.token_logprobs if choice.logprobs else None
    if choice.prompt_token_ids is None or choice.token_ids is None or logprobs is None:
        return None
    known = [value for value in logprobs if value is not None]
    if len(choice.token_ids) != len(known):
        raise ModelFault(f"{len(choice.token_ids)} token ids came with {len(known)} logprobs")
    return TokenRecord(
        prompt_ids=tuple(choice.prompt_token_ids),
        completion_ids=tuple(choice.token_ids),
        completion_logprobs=tuple(known),
    )
