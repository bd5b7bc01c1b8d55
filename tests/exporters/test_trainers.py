"""Exports at work: worlds and verdicts from a checkout, through the very files that were shipped."""

import asyncio
import inspect
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest

from data.exporters import export
from tests.exporters.factory import tasks

Load = Callable[[Path, str], ModuleType]


class Session:
    """An attempt at the first row of a TRL export, as `GRPOTrainer` would drive it."""

    def __init__(self, spec: Any, root: Path) -> None:
        (row,) = pq.read_table(root / "train.parquet").slice(0, 1).to_pylist()
        self.row = row
        self.number = json.loads(row["provenance"])["index"]
        self.world = spec.environment_factory[row["environment"]]()
        self.completion: list[dict[str, Any]] = []

    def call(self, name: str, **arguments: Any) -> str:
        function = {"name": name, "arguments": arguments}
        self.completion.append(
            {"role": "assistant", "tool_calls": [{"type": "function", "function": function}]}
        )
        seen = asyncio.run(getattr(self.world, name)(**arguments))
        self.completion.append({"role": "tool", "name": name, "content": seen})
        return str(seen)

    def say(self, text: str) -> None:
        self.completion.append({"role": "assistant", "content": text})

    def answer(self) -> None:
        self.say(f'<think>easy</think>\n{{"answer": "Term{self.number}x"}}')

    def reward(self, spec: Any, *, live: bool) -> list[float | None]:
        environments = {"environments": [self.world]} if live else {}
        score: list[float | None] = spec.reward_funcs(
            prompts=[self.row["prompt"]],
            completions=[self.completion],
            completion_ids=[[1]],
            task_id=[self.row["task_id"]],
            level=[self.row["level"]],
            **environments,
        )
        return score


@pytest.fixture
def trl(tmp_path: Path, checkout: Path, shipped: Load) -> tuple[Any, Session]:
    export(tasks(12), "trl", tmp_path / "out")
    spec = shipped(tmp_path / "out", "palaestra_trl.spec").load(checkout=str(checkout))
    session = Session(spec, tmp_path / "out")
    assert session.world.reset(**session.row) is None
    return spec, session


@pytest.mark.parametrize("live", [True, False], ids=["live state", "replayed"])
def test_the_right_answer_from_the_opened_entry_scores_1(
    live: bool, trl: tuple[Any, Session]
) -> None:
    spec, session = trl
    number = session.number
    assert f"e{number}" in session.call("search", query=f"term{number}x").split()
    assert f"Term{number}x" in session.call("open", doc_id=f"e{number}")
    session.answer()
    assert session.reward(spec, live=live) == [1.0]


@pytest.mark.parametrize("live", [True, False], ids=["live state", "replayed"])
def test_the_right_answer_without_its_entry_scores_0(live: bool, trl: tuple[Any, Session]) -> None:
    spec, session = trl
    session.answer()
    assert session.reward(spec, live=live) == [0.0]


def test_an_attempt_that_ends_in_a_tool_call_has_no_final_message(trl: tuple[Any, Session]) -> None:
    spec, session = trl
    session.call("open", doc_id=f"e{session.number}")
    assert session.reward(spec, live=True) == [0.0]


def test_what_the_agent_does_wrong_is_told_and_scored(trl: tuple[Any, Session]) -> None:
    spec, session = trl
    assert session.call("search", query="x", top_k=9).startswith("Error: search: top_k")
    session.say("I give up")
    assert session.reward(spec, live=True) == [0.0]


@pytest.mark.parametrize("query", ["fault", "die"], ids=["broken world", "lost process"])
def test_a_fault_of_the_world_gives_no_reward_and_the_next_attempt_is_well(
    query: str, trl: tuple[Any, Session]
) -> None:
    spec, session = trl
    with pytest.raises(RuntimeError, match=r"the index is gone|the child process ended"):
        session.call("search", query=query)
    session.answer()
    assert session.reward(spec, live=True) == [None]
    session.completion.clear()
    session.world.reset(**session.row)
    session.call("open", doc_id=f"e{session.number}")
    session.answer()
    assert session.reward(spec, live=True) == [1.0]


def test_factory_and_reward_survive_pickling(trl: tuple[Any, Session]) -> None:
    spec, session = trl
    factories, reward = pickle.loads(pickle.dumps((spec.environment_factory, spec.reward_funcs)))
    world = factories[session.row["environment"]]()
    assert world.reset(**session.row) is None
    session.answer()
    assert reward([], [session.completion], [session.row["task_id"]], [world]) == [0.0]


def test_only_tools_are_public_on_a_trl_environment(trl: tuple[Any, Session]) -> None:
    _, session = trl
    members = inspect.getmembers(type(session.world), inspect.isfunction)
    public = {name: method for name, method in members if not name.startswith("_")}
    assert set(public) == {"reset", "search", "open"}
    assert all(inspect.iscoroutinefunction(public[name]) for name in ("search", "open"))


def test_a_missing_split_names_the_ones_there_are(
    tmp_path: Path, checkout: Path, shipped: Load
) -> None:
    export(tasks(12), "trl", tmp_path / "out")
    spec = shipped(tmp_path / "out", "palaestra_trl.spec")
    with pytest.raises(FileNotFoundError, match="no split 'dev'; it has test, train, val"):
        spec.load(split="dev", checkout=str(checkout))


def verl_row(root: Path) -> dict[str, Any]:
    (row,) = pq.read_table(root / "train.parquet").slice(0, 1).to_pylist()
    return dict(row)


def scored(reward: ModuleType, row: dict[str, Any], record: object, **kwargs: Any) -> Any:
    extra = {**row["extra_info"], "palaestra": json.dumps(record), "num_turns": 2}
    ground_truth = row["reward_model"]["ground_truth"]
    return reward.compute_score(
        data_source=row["data_source"],
        solution_str="never read",
        ground_truth=ground_truth,
        extra_info=extra,
        **kwargs,
    )


def test_the_verl_reward_is_the_verdict_of_the_checkout(
    tmp_path: Path, checkout: Path, shipped: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(tasks(12), "verl", tmp_path / "out")
    reward = shipped(tmp_path / "out", "reward")
    row = verl_row(tmp_path / "out")
    number = json.loads(row["extra_info"]["provenance"])["index"]
    answer = json.dumps({"answer": f"Term{number}x"})
    record = {"answer": answer, "stop": "answered", "turns": [], "state": {"opened": ["e1"]}}
    monkeypatch.setenv("PALAESTRA_CHECKOUT", str(checkout))
    assert scored(reward, row, record) == {"score": 0.0}
    record["state"] = {"opened": [f"e{number}"]}
    assert scored(reward, row, record) == {"score": 1.0}
    assert scored(reward, row, {**record, "answer": "Yes."}) == {"score": 0.0}


def test_the_verl_reward_raises_where_no_honest_score_exists(
    tmp_path: Path, checkout: Path, shipped: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(tasks(12), "verl", tmp_path / "out")
    reward = shipped(tmp_path / "out", "reward")
    row = verl_row(tmp_path / "out")
    monkeypatch.delenv("PALAESTRA_CHECKOUT", raising=False)
    record = {"answer": "{}", "stop": "answered", "turns": [], "state": {"opened": []}}
    with pytest.raises(RuntimeError, match="set PALAESTRA_CHECKOUT"):
        scored(reward, row, record)
    with pytest.raises(RuntimeError, match="no record of the attempt"):
        reward.compute_score("palaestra/search", "", row["reward_model"]["ground_truth"], {})
    altered = json.loads(row["reward_model"]["ground_truth"])
    altered["hidden"]["verifier"]["answer"]["names"] = ["Yes"]
    row["reward_model"]["ground_truth"] = json.dumps(altered)
    with pytest.raises(RuntimeError, match="TaskError: .* does not match its id"):
        scored(reward, row, record, checkout=str(checkout))


def test_many_sessions_of_one_child_stay_apart(
    tmp_path: Path, checkout: Path, shipped: Load
) -> None:
    export(tasks(12), "trl", tmp_path / "out")
    client = shipped(tmp_path / "out", "palaestra_trl.checkout")
    (row,) = pq.read_table(tmp_path / "out" / "train.parquet").slice(0, 1).to_pylist()
    task = json.loads(row["task"])
    child = client.child(client.WORLDS, str(checkout))

    async def attempt(number: int) -> Any:
        session = f"s{number}"
        await child.reply(op="reset", session=session, task=task)
        call = {"name": "open", "arguments": {"doc_id": f"e{number}"}}
        await child.reply(op="call", session=session, call=call)
        return await child.reply(op="state", session=session)

    async def all_attempts() -> list[Any]:
        return await asyncio.gather(*(attempt(number) for number in range(50)))

    states = asyncio.run(all_attempts())
    assert states == [{"opened": [f"e{number}"]} for number in range(50)]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"op": "jump", "session": "a"}, "an 'op' of reset, call, state, close"),
        ({"op": "call", "session": "a", "call": {"name": "open", "arguments": {}}}, "no session"),
        ({"op": "reset", "session": "a", "task": {"id": 1}}, "UserError: PublicTask: id"),
    ],
    ids=["unknown op", "unknown session", "malformed task"],
)
def test_a_wrong_request_is_answered_and_the_child_lives_on(
    request_: dict[str, Any], why: str, tmp_path: Path, checkout: Path, shipped: Load
) -> None:
    export(tasks(12), "trl", tmp_path / "out")
    client = shipped(tmp_path / "out", "palaestra_trl.checkout")
    child = client.child(client.WORLDS, str(checkout))
    with pytest.raises(RuntimeError, match=why):
        client.resolved(child.ask(**request_))
    process = child._process
    assert client.resolved(child.ask(op="close", session="a")) is None
    assert child._process is process
