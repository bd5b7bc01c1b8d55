"""Attention over pages is that of the plain model, for any order of pages and any cut of the work."""

from dataclasses import replace
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from model.absorb import absorb, config_of
from model.base import Base
from model.config import ModelConfig
from model.dsa import Stage
from model.grouped import GroupedAttention
from model.rope import inverse_frequencies, rotation
from model.transformer import Layer as PlainLayer
from model.vllm_plugin import paged
from model.vllm_plugin.fused import FusedLayer, turns
from model.vllm_plugin.paged import Inputs, Span, Step
from model.vllm_plugin.paged_kernels import attend_with_kernels, groups_of

PAGE = 4
LENGTHS = (37, 5, 1, 22)
ATTEND = {"torch": paged.attend, "kernels": attend_with_kernels}


class Layer(NamedTuple):
    """One layer's projections of whole sequences, and what plain attention makes of them."""

    config: ModelConfig
    inputs: list[Inputs]
    expected: list[Tensor]


def layer_of(tiny: Base, topk: int) -> Layer:
    model = absorb(tiny, topk)
    attention = model.model.layers[0].self_attn
    assert isinstance(attention, GroupedAttention)
    # The identity shows every head's output before the projection.
    attention.o_proj = torch.nn.Linear(96, 96, bias=False)
    attention.o_proj.weight.data = torch.eye(96)
    generator = torch.Generator().manual_seed(1)
    inputs, expected = [], []
    with torch.no_grad():
        for length in LENGTHS:
            x = torch.randn(1, length, 48, generator=generator)
            at = rotation(model.model.inv_freq, torch.arange(length)[None], 1.0)
            q, rows = attention.queries_and_rows(x, at)
            index = attention.indexer(x, x, at)
            fused = torch.cat((rows, index.k_BTD), -1)
            inputs.append(Inputs(q[0], fused[0], index.q_BTID[0], index.w_BTI[0]))
            out = attention(x, at, None, Stage.SERVE, None).out_BTE
            expected.append(out[0].view(length, 6, 16))
    return Layer(model.config, inputs, expected)


def joined(parts: list[Inputs]) -> Inputs:
    return Inputs(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def run(layer: Layer, attend: str, cuts: list[list[int]], order: list[int]) -> list[Tensor]:
    """Feeds the sequences in steps; `cuts` says how many tokens of each a step brings."""
    num_pages = len(order)
    cache = torch.full((num_pages, PAGE, layer.inputs[0].rows_TW.shape[1]), float("nan"))
    per_sequence = num_pages // len(LENGTHS)
    table = torch.tensor(order, dtype=torch.int32).view(len(LENGTHS), per_sequence)
    done, outputs = [0] * len(LENGTHS), [[] for _ in LENGTHS]
    for step_cuts in cuts:
        parts, spans, slots, members, decoding = [], [], [], [], []
        # As vLLM orders a batch: what decodes comes first.
        for number, count in sorted(enumerate(step_cuts), key=lambda pair: pair[1] > 1):
            if not count:
                continue
            begin, end = done[number], done[number] + count
            if attend == "kernels" and count == 1:
                decoding.append(number)
            else:
                pages = paged.joined(table[number, : -(-end // PAGE)])
                spans.append(Span(sum(len(p.q_THD) for p in parts), count, end, pages))
            parts.append(Inputs(*(t[begin:end] for t in layer.inputs[number])))
            place = torch.arange(begin, end)
            slots.append(table[number][place // PAGE].long() * PAGE + place % PAGE)
            members.append(number)
            done[number] = end
        lengths = torch.tensor([done[number] for number in decoding], dtype=torch.int32)
        groups = groups_of(spans, PAGE, cache.device)
        step = Step(torch.cat(slots), table[decoding], lengths, tuple(spans), groups)
        inputs = joined(parts)
        paged.write_rows(cache, step, inputs.rows_TW)
        out = ATTEND[attend](inputs, cache, step, layer.config)
        first = 0
        for number, part in zip(members, parts, strict=True):
            outputs[number].append(out[first : first + len(part.q_THD)])
            first += len(part.q_THD)
    return [torch.cat(parts) for parts in outputs]


def prompt_step(length: int) -> Step:
    """One sequence, all of it new, in the first pages."""
    none = torch.zeros(0, 1, dtype=torch.int32)
    span = Span(0, length, length, slice(0, -(-length // PAGE)))
    return Step(torch.arange(length), none, none[:, 0], (span,))


STRAIGHT = list(range(40))
MIXED = [int(i) for i in torch.randperm(40, generator=torch.Generator().manual_seed(2))]
ONE_STEP = [list(LENGTHS)]
MANY_STEPS = [[10, 0, 0, 3], [10, 4, 0, 1], [16, 1, 1, 17], [1, 0, 0, 1]]


@pytest.mark.parametrize("attend", list(ATTEND))
@pytest.mark.parametrize("topk", [8, 4096], ids=["sparse", "dense"])
@pytest.mark.parametrize("cuts", [ONE_STEP, MANY_STEPS], ids=["one step", "chunks and decoding"])
@pytest.mark.parametrize("order", [STRAIGHT, MIXED], ids=["pages in order", "pages mixed"])
def test_pages_change_nothing(
    tiny: Base, attend: str, topk: int, cuts: list[list[int]], order: list[int]
) -> None:
    layer = layer_of(tiny, topk)
    with torch.no_grad():
        found = run(layer, attend, cuts, order)
    for mine, theirs in zip(found, layer.expected, strict=True):
        assert torch.allclose(mine, theirs, atol=2e-5)


@pytest.mark.parametrize("selects", [True, False])
def test_a_fused_layer_gives_the_numbers_of_the_plain_one(tiny: Base, selects: bool) -> None:
    copied = tiny._replace(tensors={n: t.clone() for n, t in tiny.tensors.items()})
    narrow = config_of(copied.config, 8)
    layer = PlainLayer(narrow, 0)
    x = torch.randn(1, 30, 48, generator=torch.Generator().manual_seed(4))
    positions = torch.arange(30)
    at = rotation(inverse_frequencies(narrow), positions[None], 1.0)
    with torch.no_grad():
        whole = layer(x, at, None, Stage.SERVE, None, None).x_BTE[0]
        fused = FusedLayer(layer, narrow, selects)
        inputs = fused.inputs(x[0], turns(inverse_frequencies(narrow), positions))
        step = prompt_step(30)
        config = narrow if selects else replace(narrow, index_topk=64)
        cache = torch.zeros(8, PAGE, inputs.rows_TW.shape[1])
        paged.write_rows(cache, step, inputs.rows_TW)
        found = fused.finish(x[0], paged.attend(inputs, cache, step, config))
        if not selects:
            plain = PlainLayer(config, 0)
            plain.load_state_dict(layer.state_dict())
            whole = plain(x, at, None, Stage.SERVE, None, None).x_BTE[0]
    assert torch.allclose(found, whole, atol=1e-5)


def test_padding_tokens_behind_the_last_sequence_give_zeros(tiny: Base) -> None:
    layer = layer_of(tiny, 8)
    inputs = layer.inputs[1]
    padded = Inputs(*(torch.cat((t, torch.full_like(t[:3], 7.0))) for t in inputs))
    cache = torch.zeros(4, PAGE, inputs.rows_TW.shape[1])
    step = prompt_step(5)
    paged.write_rows(cache, step, padded.rows_TW)
    with torch.no_grad():
        out = paged.attend(padded, cache, step, layer.config)
    assert torch.allclose(out[:5], layer.expected[1], atol=2e-5)
    assert not out[5:].any()
    assert not cache.view(16, -1)[5:].any()


def test_one_row_holds_all_that_a_token_leaves_behind(tiny: Base) -> None:
    config = config_of(tiny.config)
    layer = layer_of(tiny, 8)
    assert layer.inputs[0].rows_TW.shape[1] == config.latent_dim + config.index_head_dim
