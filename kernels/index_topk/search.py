"""The k-th largest of numbers in registers, found by counting: interpolation and bisection.

Scores are read as integers of the same order.
"""

import triton
import triton.language as tl

LOWEST = tl.constexpr(-(2**31))


@triton.jit
def ordered(b_score, m_valid):
    """Scores as int32 of the same order; NaN as -inf, -0.0 as 0.0, invalid places below all."""
    b_score = tl.where(b_score != b_score, float("-inf"), b_score)
    b_score = tl.where(b_score == 0.0, 0.0, b_score)
    b_bits = b_score.to(tl.int32, bitcast=True)
    b_key = b_bits ^ ((b_bits >> 31) & 0x7FFFFFFF)
    return tl.where(m_valid, b_key, LOWEST)


@triton.jit
def _value(key):
    """The float that `ordered` maps to `key` (an int64 scalar), infinities made finite."""
    bits = key.to(tl.int32)
    value = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.float32, bitcast=True)
    return tl.minimum(tl.maximum(value, -3.4e38), 3.4e38)


@triton.jit
def _guess(low, high, count_low, count_high, topk):
    """Where the count should be `topk`: log(count) is nearly linear in the tail of the scores."""
    log_low = tl.log2(count_low.to(tl.float32))
    log_high = tl.log2(tl.maximum(count_high.to(tl.float32), 0.5))
    share = (log_low - tl.log2(topk.to(tl.float32))) / (log_low - log_high)
    value = _value(low) * (1 - share) + _value(high - 1) * share
    bits = value.to(tl.int32, bitcast=True)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.int64)


@triton.jit
def threshold_of(b_key, m_valid, num_valid, topk):
    """The largest key with at least `topk` keys not below it, and how many those are."""
    low = tl.min(tl.where(m_valid, b_key, 2147483647)).to(tl.int64)
    high = tl.max(b_key).to(tl.int64) + 1
    # Invariants: count(>= low) = count_low >= topk, count(>= high) = count_high < topk.
    count_low = num_valid
    count_high = num_valid * 0
    step = num_valid * 0
    while (high - low > 1) & (count_low != topk):
        # Every third step halves the interval, so that no distribution takes long.
        middle = (low + high) // 2
        if step % 3 != 2:
            guess = _guess(low, high, count_low, count_high, topk + num_valid * 0)
            middle = tl.minimum(tl.maximum(guess, low + 1), high - 1)
        if step % 8 == 7:
            # Closes the gap around a plateau of equal scores at once.
            low = tl.min(tl.where(b_key >= low.to(tl.int32), b_key, 2147483647)).to(tl.int64)
            high = tl.max(tl.where(b_key < high.to(tl.int32), b_key, LOWEST)).to(tl.int64) + 1
            middle = (low + high + 1) // 2
        count = tl.sum((b_key >= middle.to(tl.int32)).to(tl.int32))
        if count >= topk:
            low = middle
            count_low = count
        else:
            high = middle
            count_high = count
        step += 1
    return low, count_low
