"""Token-true rows: exactly the ids that were read and written, or no row and the reason why."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agents.llm import Sampling, Transport, connect
from agents.policies import ModelPolicy
from agents.rollout import rollout
from data.certificate import Certificate, CheckName, CheckResult
from data.errors import UserError
from data.exporters.rl_offline import Group, export_groups
from data.selection import LeftOut, Selection
from data.store import Drawn, Store
from data.task import Task, TaskBody
from data.tokens import Drift, segments
from data.trajectory import ContextEdit, StopReason, TokenRecord, Trajectory, Turn
from synth.training import write
from tests.agents.cabinet import make_task
from tests.agents.endpoint import serve
from tests.agents.test_rollout import HOME
from tests.agents.token_endpoint import calling, tokens_of

FIRST = calling("the first drawer", ("open_drawer", '{"name": "d0x0"}'))
SECOND = calling("and count", ("add", '{"amount": 5}'), ("open_drawer", '{"name": "d0x1"}'))
LAST = {"role": "assistant", "content": "a cup"}


def certified(task: Task) -> Task:
    """The task with an answer that its world does not name, and with a certificate."""
    fields = {name: getattr(task, name) for name in TaskBody.model_fields}
    hidden = task.hidden.model_copy(update={"reference": LAST["content"]})
    task = Task.of(TaskBody(**{**fields, "hidden": hidden}))
    checks = tuple(CheckResult(name=name, passed=True) for name in CheckName)
    return task.certified(Certificate(task_id=task.id, version="1", checks=checks))


TASKS = sorted((certified(make_task(n)) for n in range(2)), key=lambda task: task.id)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.begin_run("run", {})
        store.commit("run", [Drawn(n, task, "") for n, task in enumerate(TASKS)])
        yield store


async def play(store: Store, *answers: Any, attempts: int = 1, stream: bool = False) -> None:
    async with (
        serve(*answers) as endpoint,
        connect(
            endpoint.url,
            sampling=Sampling(return_tokens=True, temperature=0.5),
            transport=Transport(stream=stream, backoff_s=0),
            api_key="",
        ) as model,
    ):
        policy = ModelPolicy(model)
        await rollout(TASKS[:1], policy, store, attempts=attempts, concurrency=1, setup=HOME)


def rows(store: Store, out: Path, left_out: LeftOut | None = None) -> list[dict[str, Any]]:
    write(store, Selection(), "rl_offline", out, left_out or LeftOut())
    found: list[dict[str, Any]] = pq.read_table(out / "train.parquet").to_pylist()
    return found


def text(ids: list[int]) -> str:
    return "".join(map(chr, ids))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_row_is_what_was_read_and_written_with_a_mask_over_each_turn(
    store: Store, tmp_path: Path, stream: bool
) -> None:
    await play(store, *map(tokens_of, (FIRST, SECOND, LAST)), stream=stream)
    (row,) = rows(store, tmp_path / "out")
    ids, mask = row["input_ids"], row["loss_mask"]
    assert len(ids) == len(mask) == len(row["logprobs"])
    wrote = [text(ids[start:stop]) for _, start, stop in row["spans"]]
    assert wrote == [
        ' (the first drawer) [open_drawer {"name": "d0x0"}]>',
        ' (and count) [add {"amount": 5}][open_drawer {"name": "d0x1"}]>',
        " a cup>",
    ]
    assert [turn for turn, *_ in row["spans"]] == [0, 1, 2]
    assert sum(mask) == sum(map(len, wrote))
    assert "".join(chr(i) for i, m in zip(ids, mask, strict=True) if m) == "".join(wrote)
    assert row["logprobs"] == pytest.approx([-i / 512 * m for i, m in zip(ids, mask, strict=True)])
    assert text(ids).startswith("<system You keep a cabinet of drawers.><user Start at")
    assert "<tool The counter shows 5.>" in text(ids)
    assert (row["reward"], row["group_rewards"], row["num_segments"]) == (1.0, [1.0], 1)
    assert '"temperature":0.5' in row["settings"]


async def test_a_template_that_forgets_reasoning_is_found_with_the_place(
    store: Store, tmp_path: Path
) -> None:
    answers = [tokens_of(reply, forgetful=True) for reply in (FIRST, SECOND, LAST)]
    await play(store, *answers)
    left_out = LeftOut()
    with pytest.raises(UserError, match="1 groups are not token-true"):
        rows(store, tmp_path / "out", left_out)
    (line,) = [line for line in left_out.lines() if "token-true" in line]
    assert f"task {TASKS[0].id} attempt 0 is not token-true: the prompt of turn 1 has" in line
    assert "where the reply of turn 0 had" in line
    assert "left out, or tokenised otherwise by the chat template" in line
    assert not (tmp_path / "out").exists()


async def test_one_attempt_that_drifts_takes_its_whole_group_along(
    store: Store, tmp_path: Path
) -> None:
    good = [tokens_of(reply) for reply in (FIRST, SECOND, LAST)]
    drifting = [tokens_of(reply, forgetful=True) for reply in (FIRST, SECOND, LAST)]
    await play(store, *good, *drifting, attempts=2)
    with pytest.raises(UserError, match="not token-true"):
        rows(store, tmp_path / "out")


async def test_an_open_group_gives_no_rows(store: Store, tmp_path: Path) -> None:
    await play(store, *map(tokens_of, (FIRST, SECOND, LAST)), attempts=2)
    (row, _) = rows(store, tmp_path / "out")
    assert row["group_rewards"] == [1.0, 0.0], "the last answer is given for ever"
    await play(store, tokens_of(LAST), attempts=4)
    assert len(rows(store, tmp_path / "out")) == 4


def turn(prompt: list[int], reply: list[int], **more: Any) -> Turn:
    tokens = TokenRecord(
        prompt_ids=tuple(prompt),
        completion_ids=tuple(reply),
        completion_logprobs=tuple(-0.5 for _ in reply),
    )
    return Turn(tokens=tokens, **more)


def trajectory(*turns: Turn, edits: tuple[ContextEdit, ...] = ()) -> Trajectory:
    return Trajectory(task_id="t", turns=turns, answer="", stop=StopReason.ANSWERED, edits=edits)


def test_a_cut_of_the_view_begins_another_sequence() -> None:
    turns = (turn([1, 2], [3]), turn([1, 2, 3, 4], [5]), turn([1, 9], [6]), turn([1, 9, 6], [7]))
    first, second = segments(trajectory(*turns, edits=(ContextEdit(at=2),)))
    assert (first.ids, first.mask) == ([1, 2, 3, 4, 5], [0, 0, 1, 0, 1])
    assert (second.ids, second.mask) == ([1, 9, 6, 7], [0, 0, 1, 1])
    assert [span.turn for span in (*first.spans, *second.spans)] == [0, 1, 2, 3]


def test_what_a_user_says_may_change_what_came_before() -> None:
    turns = (turn([1, 2], [3], user="go on"), turn([1, 4], [5]))
    assert [segment.ids for segment in segments(trajectory(*turns))] == [[1, 2, 3], [1, 4, 5]]


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ((turn([1, 2], [3]), turn([1, 8, 3], [4])), "has 8 where what was read had 2, at token 1"),
        ((turn([1, 2], [3]), turn([1, 2, 7], [4])), "has 7 where the reply of turn 0 had 3"),
        ((turn([1, 2], [3]), turn([1, 2], [4])), "ends where the reply of turn 0 goes on, at"),
        ((turn([1], [2]), Turn()), "turn 1 has no token ids"),
        ((turn([-1], [2]),), "negative token id"),
    ],
    ids=["prompt", "reply", "shorter", "none", "negative"],
)
def test_every_other_break_is_a_drift(turns: tuple[Turn, ...], said: str) -> None:
    with pytest.raises(Drift, match=said):
        list(segments(trajectory(*turns)))


@pytest.mark.parametrize("logprob", [0.5, float("nan"), float("-inf")])
def test_an_impossible_log_probability_is_refused(logprob: float) -> None:
    broken = TokenRecord.model_construct(
        prompt_ids=(1,), completion_ids=(2,), completion_logprobs=(logprob,)
    )
    with pytest.raises(Drift, match="above 0 or not finite"):
        list(segments(trajectory(Turn.model_construct(**{**dict(Turn()), "tokens": broken}))))


async def test_the_same_groups_give_the_same_bytes_and_an_unfit_task_is_refused(
    store: Store, tmp_path: Path
) -> None:
    await play(store, *map(tokens_of, (FIRST, SECOND, LAST)))
    rows(store, tmp_path / "one")
    rows(store, tmp_path / "two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert [(tmp_path / "one" / n).read_bytes() for n in names] == [
        (tmp_path / "two" / n).read_bytes() for n in names
    ]
    attempts = tuple(store.attempts())
    bare = replace(Group(TASKS[0], attempts), task=make_task(7))
    with pytest.raises(UserError, match="it has no certificate"):
        export_groups([bare], tmp_path / "three", [])
