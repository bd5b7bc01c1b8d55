"""`load(...)` gives what TRL's `GRPOTrainer` takes: data set, environments and reward function.

    import sys; sys.path.insert(0, "<the export>")
    from palaestra_trl.spec import load
    spec = load(checkout="<the Palaestra checkout>")
    GRPOTrainer(..., train_dataset=spec.train_dataset, reward_funcs=spec.reward_funcs,
                environment_factory=spec.environment_factory)

Rewards are verdicts of the checkout's own verifier. Where a world or verdict failed the reward is
None, which TRL leaves out of the loss. Factories and reward function can be pickled.
"""

import json
import logging
from collections.abc import Sequence
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from .checkout import (
    CheckoutFault,
    ask_verdict,
    final_message,
    find_checkout,
    resolved,
)
from .world import World

log = logging.getLogger(__name__)


def load(path: str | None = None, *, split: str = "train", checkout: str | None = None) -> "Spec":
    """The spec of one split of the export at `path` (default: the one that holds this file)."""
    root = Path(path) if path else Path(__file__).parents[1]
    found = find_checkout(checkout)
    if not (root / f"{split}.parquet").is_file():
        splits = ", ".join(sorted(file.stem for file in root.glob("*.parquet")))
        raise FileNotFoundError(f"{root} has no split {split!r}; it has {splits or 'none'}")
    return Spec(root, split, str(found))


class Spec:
    """Reads lazily; the properties plug into the trainer's arguments of the same names."""

    def __init__(self, root: Path, split: str, checkout: str) -> None:
        self._root = root
        self._split = split
        self._checkout = checkout

    @cached_property
    def train_dataset(self) -> Any:
        """A `datasets.Dataset` of the split."""
        from datasets import Dataset  # type: ignore[import-not-found]

        return Dataset.from_parquet(str(self._root / f"{self._split}.parquet"))

    @property
    def environment_factory(self) -> dict[str, "partial[World]"]:
        """One factory for each set of tools, by the name in the rows' `environment` column."""
        # The only module of an export that is written for it: its classes are its tools.
        worlds = import_module(".environments", __package__).ENVIRONMENTS
        return {name: partial(world, self._checkout) for name, world in worlds.items()}

    @cached_property
    def reward_funcs(self) -> "Reward":
        return Reward(self._root, self._split, self._checkout)


class Reward:
    """The verdict's score for each completion, or None where there is no verdict."""

    def __init__(self, root: Path, split: str, checkout: str) -> None:
        self._hidden = root / "hidden" / f"{split}.jsonl"
        self._checkout = checkout
        self._offsets: dict[str, int] = {}

    def __call__(
        self,
        prompts: list[Any],
        completions: list[list[dict[str, Any]]],
        task_id: list[str],
        environments: list[World] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Without `environments` (the asynchronous trainer has none) the calls are replayed."""
        worlds: Sequence[World | None] = environments or [None] * len(completions)
        attempts = [
            self._asked(*attempt) for attempt in zip(task_id, completions, worlds, strict=True)
        ]
        return [_score(attempt) for attempt in attempts]

    def _asked(self, task_id: str, completion: list[dict[str, Any]], world: World | None) -> Any:
        """A future of the verdict, or None if the attempt cannot be judged."""
        if world is not None and world._fault is not None:
            return None
        attempt: dict[str, Any] = {"task": self._task(task_id), **attempt_of(completion)}
        try:
            if world is not None:
                attempt["state"] = resolved(world._state())
            return ask_verdict(attempt, self._checkout)
        except CheckoutFault as error:
            log.warning("task %s: no reward: %s", task_id, error)
            return None

    def _task(self, task_id: str) -> Any:
        """The whole task, read from the hidden file at its offset."""
        with self._hidden.open("rb") as file:
            if not self._offsets:
                offset = 0
                for line in file:
                    # Lines start with {"id":"<id>"; the rest is parsed only when asked for.
                    self._offsets[line[7 : line.index(b'"', 7)].decode()] = offset
                    offset += len(line)
            file.seek(self._offsets[task_id])
            return json.loads(file.readline())["task"]


def _score(verdict: Any) -> float | None:
    if verdict is None:
        return None
    try:
        return float(resolved(verdict)["score"])
    except CheckoutFault as error:
        log.warning("no reward: %s", error)
        return None


def attempt_of(completion: list[dict[str, Any]]) -> dict[str, Any]:
    """Final message, calls and stop reason of a completion's messages."""
    turns = []
    for message in completion:
        functions = [call["function"] for call in message.get("tool_calls") or []]
        calls = [{"name": f["name"], "arguments": _arguments(f["arguments"])} for f in functions]
        if calls:
            turns.append({"calls": calls})
    last = completion[-1] if completion else {}
    answered = last.get("role") == "assistant" and not last.get("tool_calls")
    answer = final_message(_text(last.get("content"))) if answered else ""
    return {"turns": turns, "answer": answer, "stop": "answered" if answered else "turn_limit"}


def _arguments(arguments: Any) -> dict[str, Any]:
    """A call's arguments without those left out, which reach the methods as None."""
    parsed = json.loads(arguments) if isinstance(arguments, str) else arguments
    return {key: value for key, value in parsed.items() if value is not None}


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""
