"""Training: losses fall, a cut run ends with the same bits, and only what may learn does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from torch.nn.functional import cross_entropy

from data.errors import UserError
from model.absorb import absorb
from model.base import Base, write_tokenizer
from model.dsa import Stage
from model.markers import SHOWN, renamed
from model.train.batches import Batch, Row, RowSource, Source, TextSource, batches
from model.train.checkpoint import newest_weights
from model.train.forward import losses
from model.train.loop import EMBEDDING, LOG, Run
from model.train.packed import row_source, text_source, write_rows, write_text
from model.train.recipe import Recipe

SPARSE = Recipe(
    stage=Stage.SPARSE, steps=12, batch=4, micro_tokens=128, num_tokens=24, index_topk=8, lr=3e-3,
    rising=2,
)  # fmt: skip
WARMUP = SPARSE.model_copy(update={"stage": Stage.WARMUP, "index_lr": 1e-2})


def fresh(tiny: Base, recipe: Recipe, folder: Path, source: Source | None = None) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    copied = tiny._replace(tensors={n: t.clone() for n, t in tiny.tensors.items()})
    return Run(absorb(copied, recipe.index_topk), source or repeating(), recipe, folder)


def repeating() -> TextSource:
    """Text with something to learn: every token is followed by the same one."""
    return TextSource((torch.arange(600, dtype=torch.int32) * 7) % 40 + 10)


def never() -> bool:
    return False


def logged(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


def test_the_sparse_stage_learns_language_and_selection(tiny: Base, tmp_path: Path) -> None:
    assert fresh(tiny, SPARSE, tmp_path).run(600, 100, never)
    lines = logged(tmp_path)
    assert lines[-1]["language"] < 0.7 * lines[0]["language"]


def test_the_warm_up_moves_the_indexers_alone(tiny: Base, tmp_path: Path) -> None:
    run = fresh(tiny, WARMUP, tmp_path)
    before = {n: p.detach().clone() for n, p in run.model.named_parameters()}
    run.run(600, 100, never)
    for name, parameter in run.model.named_parameters():
        assert torch.equal(parameter, before[name]) == (".indexer." not in name)
    lines = logged(tmp_path)
    assert lines[-1]["indexer"] < 0.8 * lines[0]["indexer"]


@pytest.mark.parametrize("recipe", [SPARSE, WARMUP], ids=["sparse", "warmup"])
def test_a_run_cut_anywhere_ends_with_the_same_bits(
    tiny: Base, tmp_path: Path, recipe: Recipe
) -> None:
    whole = fresh(tiny, recipe, tmp_path / "whole")
    whole.run(600, 100, never)
    cut = tmp_path / "cut"
    # Saved after four steps and killed after six: two of them are lost and done again.
    first = fresh(tiny, recipe, cut)
    for _ in range(4):
        first._log(first.step())
    first.save()
    for _ in range(2):
        first._log(first.step())
    second = fresh(tiny, recipe, cut)
    assert second.done == 4
    second.run(600, 100, never)
    for name, parameter in whole.model.named_parameters():
        assert torch.equal(parameter, dict(second.model.named_parameters())[name]), name
    assert logged(cut) == logged(tmp_path / "whole")


def test_time_that_is_up_saves_and_says_that_more_is_to_do(tiny: Base, tmp_path: Path) -> None:
    run = fresh(tiny, SPARSE, tmp_path)
    assert not run.run(0, 100, never)
    assert fresh(tiny, SPARSE, tmp_path).done == 0
    asked = iter([False, False, True])
    assert not run.run(600, 100, lambda: next(asked))
    assert fresh(tiny, SPARSE, tmp_path).done == 2


def test_a_kill_while_saving_leaves_the_checkpoint_before(tiny: Base, tmp_path: Path) -> None:
    run = fresh(tiny, SPARSE, tmp_path)
    run.step()
    run.save()
    half = tmp_path / ".unfinished-step-00000002"
    half.mkdir()
    (half / "weights.safetensors").write_bytes(b"half")
    assert fresh(tiny, SPARSE, tmp_path).done == 1


def test_a_run_goes_on_with_its_own_recipe_and_data_only(tiny: Base, tmp_path: Path) -> None:
    run = fresh(tiny, SPARSE, tmp_path)
    run.save()
    with pytest.raises(UserError, match="another recipe"):
        fresh(tiny, SPARSE.model_copy(update={"seed": 1}), tmp_path)
    with pytest.raises(UserError, match="another data"):
        fresh(tiny, SPARSE, tmp_path, TextSource(torch.arange(100, dtype=torch.int32)))


def test_splitting_a_batch_changes_rounding_only(tiny: Base, tmp_path: Path) -> None:
    one = fresh(tiny, SPARSE.model_copy(update={"micro_tokens": 999}), tmp_path / "one").step()
    two = fresh(tiny, SPARSE, tmp_path / "two").step()
    assert one == pytest.approx(two, rel=1e-5)


def test_rows_are_learnt_where_their_spans_say(tiny: Base, tmp_path: Path) -> None:
    marked = renamed(tiny)
    write_tokenizer(marked, tmp_path, SHOWN.values())
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    text = "<｜User｜>hä<｜Assistant｜><think>so</think>yes<｜end▁of▁sentence｜>"
    start = text.index("so")
    (tmp_path / "sft").mkdir()
    row = {"text": text, "loss_spans": [[start, len(text)]]}
    (tmp_path / "sft" / "train.jsonl").write_text(json.dumps(row) + "\n")
    (found,) = row_source(tokenizer, [tmp_path]).rows(0, 0, 1, 99)
    learnt = found.ids_T[found.learn_T].tolist()
    assert tokenizer.decode(learnt, skip_special_tokens=False) == text[start:]
    rest = found.ids_T[~found.learn_T].tolist()
    assert tokenizer.decode(rest, skip_special_tokens=False) == text[:start]


def test_every_row_comes_once_an_epoch_and_at_the_same_step_always() -> None:
    rows = [Row(torch.tensor([i], dtype=torch.int32), torch.tensor([True])) for i in range(10)]
    source = RowSource(rows)
    epoch = [int(row.ids_T[0]) for step in (0, 1) for row in source.rows(3, step, 5, 9)]
    assert sorted(epoch) == list(range(10))
    assert [int(row.ids_T[0]) for row in source.rows(3, 1, 5, 9)] == epoch[5:]
    assert [int(row.ids_T[0]) for row in source.rows(4, 0, 5, 9)] != epoch[:5]


def test_missing_data_is_said_in_one_line(tiny: Base, tmp_path: Path) -> None:
    write_tokenizer(tiny, tmp_path, ())
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UserError, match="no text to train on"):
        text_source(tokenizer, [tmp_path], 1)
    with pytest.raises(UserError, match="does not exist"):
        text_source(tokenizer, [tmp_path / "nowhere"], 1)
    with pytest.raises(UserError, match="holds no SFT rows"):
        row_source(tokenizer, [tmp_path])


TWO = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import torch
from model.train.ranks import join
from tests.bundled.test_train import SPARSE, absorb, repeating, Run
from tests.bundled.tiny import tiny_base
torch.set_num_threads(1)
folder = Path(sys.argv[1])
run = Run(absorb(tiny_base(), SPARSE.index_topk), repeating(), SPARSE, folder, join("cpu"))
run._log(run.step())
run.save()
"""


def test_two_processes_learn_what_one_learns(tiny: Base, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(tmp_path), root],
            env={**shared, "WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in (0, 1)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    alone = fresh(tiny, SPARSE, tmp_path / "alone")
    losses_alone = alone.step()
    (line,) = logged(tmp_path)
    assert line["language"] == pytest.approx(losses_alone.language, rel=1e-5)
    found = newest_weights(tmp_path)
    assert found is not None
    for name, master in alone.masters.items():
        assert torch.allclose(found.weights[name], master, atol=2e-4), name


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@pytest.mark.parametrize("stage", [Stage.WARMUP, Stage.SPARSE])
def test_training_sees_the_same_model_as_serving(tiny: Base, stage: Stage) -> None:
    model = absorb(tiny, 8)
    ids = torch.randint(10, 266, (3, 64), generator=torch.Generator().manual_seed(2))
    learn = torch.rand(ids.shape, generator=torch.Generator().manual_seed(3)) < 0.5
    found = losses(model, Batch(ids, learn, torch.full((3,), 64)), stage)
    served = model(ids, stage=stage)
    assert float(found.indexer.detach()) == pytest.approx(
        float(served.index_loss.detach()), rel=1e-4
    )
    if stage is Stage.SPARSE:
        logits = served.logits_BTV[:, :-1][learn[:, 1:]]
        expected = cross_entropy(logits, ids[:, 1:][learn[:, 1:]], reduction="sum")
        assert float(found.language.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
        wanted = torch.autograd.grad(expected, model.lm_head.weight)[0]
        assert torch.allclose(
            torch.autograd.grad(found.language, model.lm_head.weight)[0], wanted, atol=1e-3
        )


def test_padding_changes_no_loss(tiny: Base) -> None:
    model = absorb(tiny, 8)
    g = torch.Generator().manual_seed(4)
    rows = [Row(torch.randint(10, 266, (n,), generator=g), torch.ones(n) > 0) for n in (100, 30)]
    together = [losses(model, batch, Stage.SPARSE) for batch in batches(rows, 999)]
    apart = [losses(model, batch, Stage.SPARSE) for batch in batches(rows, 64)]
    assert (len(together), len(apart)) == (1, 2)
    for field in ("language", "indexer"):
        whole, parts = (
            sum(float(getattr(x, field).detach()) for x in xs) for xs in (together, apart)
        )
        assert whole == pytest.approx(parts, rel=1e-4)


def test_only_the_named_rows_of_the_embedding_move(tiny: Base, tmp_path: Path) -> None:
    run = fresh(tiny, SPARSE.model_copy(update={"token_rows": (12, 17)}), tmp_path)
    before = run.model.lm_head.weight.detach().clone()
    run.step()
    moved = (run.model.lm_head.weight != before).any(-1).nonzero().flatten().tolist()
    assert moved == [12, 17]


def test_packed_rows_and_text_are_what_was_packed(tmp_path: Path) -> None:
    g = torch.Generator().manual_seed(5)
    rows = [
        Row(torch.randint(0, 49152, (n,), generator=g).int(), torch.rand(n, generator=g) < 0.3)
        for n in (5, 13, 8)
    ]
    write_rows(rows, tmp_path / "rows.safetensors")
    tokenizer = Tokenizer(BPE())
    # The same rows twice are learnt once.
    back = row_source(tokenizer, [tmp_path / "rows.safetensors"] * 2)
    assert back.identity == RowSource(rows).identity
    text = TextSource(torch.arange(1000, dtype=torch.int32) * 49)
    write_text(text, tmp_path / "text.safetensors")
    assert text_source(tokenizer, [tmp_path / "text.safetensors"], 1).identity == text.identity


def test_indexers_take_turns_and_the_rest_learns_always(tiny: Base, tmp_path: Path) -> None:
    run = fresh(tiny, SPARSE.model_copy(update={"index_layers": 2}), tmp_path)
    for turn in (0, 1):
        before = {n: p.detach().clone() for n, p in run.model.named_parameters()}
        run.step()
        moved = {n for n, p in run.model.named_parameters() if not torch.equal(p, before[n])}
        for layer in (0, 1):
            part = f"model.layers.{layer}."
            assert part + "mlp.up_proj.weight" in moved
            assert (part + "self_attn.indexer.wk.weight" in moved) == (layer == turn)


def test_what_a_narrow_model_does_not_learn_keeps_its_exact_numbers(
    tiny: Base, tmp_path: Path
) -> None:
    recipe = SPARSE.model_copy(update={"token_rows": (12,)})
    model = absorb(tiny._replace(tensors={n: t.clone() for n, t in tiny.tensors.items()}), 8)
    run = Run(model, repeating(), recipe, tmp_path, dtype=torch.bfloat16)
    run.step()
    master, exact = run.masters[EMBEDDING], tiny.tensors[EMBEDDING]
    assert model.lm_head.weight.dtype is torch.bfloat16
    assert (master != exact).any(-1).nonzero().flatten().tolist() == [12]
