"""Reward function for verl: the verdict of the verifier of record, never an imitation of it.

Set `reward.custom_reward_function.path` to this file and `name` to `compute_score`. It needs the
attempt's record, which the agent loop shipped beside it leaves in `extra_info["palaestra"]`, and a
Palaestra checkout (PALAESTRA_CHECKOUT, or `reward_kwargs.checkout`). Where no honest score exists it
raises: a missing reward must not train as 0.
"""

import json
import sys
from pathlib import Path
from typing import Any

# verl loads this file by its path, so its folder is not importable yet.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from palaestra_verl.checkout import (  # type: ignore[import-not-found]
    CheckoutFault,
    ask_verdict,
    resolved,
)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any] | None = None,
    checkout: str | None = None,
    **_: Any,
) -> dict[str, float]:
    """`{"score": ...}` in [0, 1] for one attempt.

    `solution_str` is not read: verl decodes it without special tokens, so where the final message
    begins is lost in it. `ground_truth` is the whole task as JSON.

    Raises:
        CheckoutFault: there is no record of the attempt, no checkout, or no verdict.
    """
    record = (extra_info or {}).get("palaestra")
    if not record:
        raise CheckoutFault(
            f"{data_source}: no record of the attempt; agent_name must be 'palaestra' and "
            "agent_loop_config_path must name the agent_loop.yaml of the export"
        )
    attempt = {"task": json.loads(ground_truth), **json.loads(record)}
    return {"score": float(resolved(ask_verdict(attempt, checkout))["score"])}
