"""Serves the bundled model through vLLM, on CUDA and on CPUs; found by vLLM as an entry point.

`register` names things and loads nothing heavy. vLLM calls it in every process, some more than once.
"""

from model.config import ARCHITECTURE

MODE = "palaestra_dsml"
"""Name of the tokenizer mode, the tool parser and the reasoning parser."""


def register() -> None:
    """Makes the model type, the architecture, the parsers and the renderer known to vLLM."""
    from model.vllm_plugin.compat import check_version, register_config, register_parsers

    check_version()
    register_config()
    from vllm import ModelRegistry

    ModelRegistry.register_model(ARCHITECTURE, f"model.vllm_plugin.model:{ARCHITECTURE}")
    register_parsers(MODE)
