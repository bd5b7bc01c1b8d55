"""The checkpoint's `config.json` as a transformers configuration, which is how vLLM reads it."""

from transformers import PreTrainedConfig

from model.config import GROUPED


class PalaestraDsaConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Keeps every key as an attribute; `model.config.ModelConfig` gives them their meaning."""

    model_type = GROUPED
