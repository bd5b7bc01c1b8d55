"""One program a token: both norms, both rotations, quantisation and the store, in one pass."""

import triton
import triton.language as tl
from torch import Tensor

from kernels.cache_write.layout import TILE, CacheLayout
from kernels.cache_write.reference import INDEX_NORM_EPS, NewRows, Norms

LOWEST_SCALE = tl.constexpr(1e-4)


@triton.jit
def _scale(b_amax):
    """amax / 448 rounded up to a power of two."""
    b_bits = (tl.maximum(b_amax, LOWEST_SCALE) / 448.0).to(tl.int32, bitcast=True)
    b_exponent = (b_bits >> 23) + ((b_bits & 0x7FFFFF) != 0).to(tl.int32)
    return (b_exponent << 23).to(tl.float32, bitcast=True)


@triton.jit
def _write(
    latent_ptr, rope_ptr, index_ptr, cos_ptr, sin_ptr, slot_ptr,
    latent_weight_ptr, index_weight_ptr, index_bias_ptr,
    out_latent_ptr, out_scales_ptr, out_rope_ptr, out_index_ptr, out_index_scale_ptr,
    latent_stride, rope_stride, index_stride, cos_stride, sin_stride,
    row_latent, row_scales, row_rope, row_index, num_slots,
    latent_eps, index_eps,
    V: tl.constexpr, R: tl.constexpr, D: tl.constexpr, FP8: tl.constexpr,
    BLOCK_G: tl.constexpr, TILE: tl.constexpr, BLOCK_F: tl.constexpr, BLOCK_D: tl.constexpr,
):  # fmt: skip
    i_t = tl.program_id(0).to(tl.int64)
    slot = tl.load(slot_ptr + i_t).to(tl.int64)
    if (slot < 0) | (slot >= num_slots):
        return
    # [BLOCK_G, TILE]
    o_g = tl.arange(0, BLOCK_G)
    o_v = o_g[:, None] * TILE + tl.arange(0, TILE)[None, :]
    m_v = o_v < V
    b_latent = tl.load(latent_ptr + i_t * latent_stride + o_v, mask=m_v, other=0.0).to(tl.float32)
    mean_square = tl.sum(tl.sum(b_latent * b_latent, 1), 0) / V
    b_weight = tl.load(latent_weight_ptr + o_v, mask=m_v, other=0.0).to(tl.float32)
    b_latent = b_latent * tl.rsqrt(mean_square + latent_eps) * b_weight
    if FP8:
        b_scale = _scale(tl.max(tl.abs(b_latent), 1))
        b_latent = b_latent / b_scale[:, None]
        tl.store(out_scales_ptr + slot * row_scales + o_g, b_scale, mask=o_g * TILE < V)
    b_latent = b_latent.to(out_latent_ptr.dtype.element_ty)
    tl.store(out_latent_ptr + slot * row_latent + o_v, b_latent, mask=m_v)

    # [BLOCK_F]: MLA pairs neighbours, the indexer pairs the halves of its first R numbers.
    o_f = tl.arange(0, BLOCK_F)
    m_f = o_f < R // 2
    b_cos = tl.load(cos_ptr + i_t * cos_stride + o_f, mask=m_f, other=0.0).to(tl.float32)
    b_sin = tl.load(sin_ptr + i_t * sin_stride + o_f, mask=m_f, other=0.0).to(tl.float32)
    p_rope = rope_ptr + i_t * rope_stride + 2 * o_f
    b_even = tl.load(p_rope, mask=m_f, other=0.0).to(tl.float32)
    b_odd = tl.load(p_rope + 1, mask=m_f, other=0.0).to(tl.float32)
    p_out = out_rope_ptr + slot * row_rope + 2 * o_f
    out_type = out_rope_ptr.dtype.element_ty
    tl.store(p_out, (b_even * b_cos - b_odd * b_sin).to(out_type), mask=m_f)
    tl.store(p_out + 1, (b_odd * b_cos + b_even * b_sin).to(out_type), mask=m_f)

    # [BLOCK_D]
    o_d = tl.arange(0, BLOCK_D)
    m_d = o_d < D
    p_index = index_ptr + i_t * index_stride
    b_index = tl.load(p_index + o_d, mask=m_d, other=0.0).to(tl.float32)
    mean = tl.sum(b_index, 0) / D
    b_centred = tl.where(m_d, b_index - mean, 0.0)
    spread = tl.rsqrt(tl.sum(b_centred * b_centred, 0) / D + index_eps)
    b_index_weight = tl.load(index_weight_ptr + o_d, mask=m_d, other=0.0).to(tl.float32)
    b_index_bias = tl.load(index_bias_ptr + o_d, mask=m_d, other=0.0).to(tl.float32)
    b_index = b_centred * spread * b_index_weight + b_index_bias
    # The partner of number i is i +- R / 2; it is normed again rather than exchanged.
    o_p = tl.where(o_d < R // 2, o_d + R // 2, o_d - R // 2)
    m_p = o_d < R
    b_partner = tl.load(p_index + o_p, mask=m_p, other=0.0).to(tl.float32)
    b_partner_weight = tl.load(index_weight_ptr + o_p, mask=m_p, other=0.0).to(tl.float32)
    b_partner_bias = tl.load(index_bias_ptr + o_p, mask=m_p, other=0.0).to(tl.float32)
    b_partner = (b_partner - mean) * spread * b_partner_weight + b_partner_bias
    o_a = o_d % (R // 2)
    b_c = tl.load(cos_ptr + i_t * cos_stride + o_a, mask=m_p, other=1.0).to(tl.float32)
    b_s = tl.load(sin_ptr + i_t * sin_stride + o_a, mask=m_p, other=0.0).to(tl.float32)
    b_signed = tl.where(o_d < R // 2, -b_partner, b_partner)
    b_index = tl.where(m_p, b_index * b_c + b_signed * b_s, b_index)
    if FP8:
        # Sign of the Hadamard matrix: parity of the common bits.
        b_both = o_d[:, None] & o_d[None, :]
        b_both = b_both ^ (b_both >> 8)
        b_both = b_both ^ (b_both >> 4)
        b_both = b_both ^ (b_both >> 2)
        b_both = b_both ^ (b_both >> 1)
        b_sign = 1.0 - 2.0 * (b_both & 1).to(tl.float32)
        b_index = tl.where(m_d, b_index, 0.0)
        b_index = tl.sum(b_index[:, None] * b_sign, 0) / tl.sqrt(D * 1.0)
        index_scale = _scale(tl.max(tl.abs(b_index), 0))
        b_index = b_index / index_scale
        tl.store(out_index_scale_ptr + slot * row_scales, index_scale)
    b_index = b_index.to(out_index_ptr.dtype.element_ty)
    tl.store(out_index_ptr + slot * row_index + o_d, b_index, mask=m_d)


def cache_write(
    buffer: Tensor, layout: CacheLayout, new: NewRows, norms: Norms, slots_T: Tensor
) -> None:
    """See `kernels.cache_write.cache_write`."""
    views = layout.views(buffer)
    num_tokens = new.latent_TV.shape[0]
    if not num_tokens:
        return
    scales = views.scales_PNG if views.scales_PNG is not None else views.latent_PNV
    index_scale = views.index_scale_PN if views.index_scale_PN is not None else views.latent_PNV
    _write[(num_tokens,)](
        new.latent_TV, new.rope_TR, new.index_TD, new.cos_TF, new.sin_TF, slots_T,
        norms.latent_weight_V, norms.index_weight_D, norms.index_bias_D,
        views.latent_PNV, scales, views.rope_PNR, views.index_PND, index_scale,
        new.latent_TV.stride(0), new.rope_TR.stride(0), new.index_TD.stride(0),
        new.cos_TF.stride(0), new.sin_TF.stride(0),
        views.latent_PNV.stride(1), scales.stride(1), views.rope_PNR.stride(1),
        views.index_PND.stride(1), buffer.shape[0] * buffer.shape[1],
        norms.latent_eps, INDEX_NORM_EPS,
        V=layout.v_dim, R=layout.rope_dim, D=layout.index_dim, FP8=layout.fp8,
        BLOCK_G=triton.next_power_of_2(layout.num_tiles), TILE=TILE,
        BLOCK_F=max(1, triton.next_power_of_2(layout.rope_dim // 2)),
        BLOCK_D=triton.next_power_of_2(layout.index_dim), num_warps=4,
    )  # fmt: skip
