"""The measures of a selection tell a trained indexer from an untrained one."""

import pytest
import torch

from model.absorb import absorb
from model.base import Base
from model.train.evaluate import found_needles, needle, perplexity, selections
from model.transformer import Transformer


@pytest.fixture
def model(tiny: Base) -> Transformer:
    return absorb(tiny, index_topk=12)


def ids(length: int) -> torch.Tensor:
    return torch.randint(10, 266, (1, length), generator=torch.Generator().manual_seed(8))


def test_the_oracle_recalls_most_and_all_keys_recall_everything(model: Transformer) -> None:
    found = selections(model, ids(80))
    others = (found.recall, found.recall_window, found.recall_random)
    assert max(others) < found.recall_oracle <= 1.0 + 1e-6
    assert all(0 < share < 1 for share in found[4:])


def test_measures_are_the_same_for_every_run(model: Transformer) -> None:
    assert selections(model, ids(60)) == selections(model, ids(60))


def test_a_text_of_the_selection_s_length_says_nothing(model: Transformer) -> None:
    with pytest.raises(ValueError, match="more than index_topk=12"):
        selections(model, ids(12))


def test_perplexity_of_random_text_is_no_better_than_that_of_guessing(model: Transformer) -> None:
    assert perplexity(model, ids(64)) > 266 / 2


def test_a_needle_is_found_where_all_its_tokens_are_the_best(model: Transformer) -> None:
    filler, said, asked = ids(40)[0], ids(3)[0], ids(5)[0]
    one = needle(filler, said, asked, torch.tensor([20]), 30, 0.5)
    assert len(one.ids_T) == 30
    assert one.ids_T[-6:-1].tolist() == asked.tolist()
    with torch.no_grad():
        best = int(model(one.ids_T[None, :-1]).logits_BTV[0, -1].argmax())
    # The code stands in the text as well, so only the answer is exchanged.
    right = one._replace(ids_T=torch.cat((one.ids_T[:-1], torch.tensor([best]))))
    assert found_needles(model, [one, right]) == (1.0 if best == 20 else 0.5)
