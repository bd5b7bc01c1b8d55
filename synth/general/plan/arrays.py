"""The operations of lowered constraints on arrays of plans; null is one special integer."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from verifiers.general.constraints import Operator

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NULL = np.int64(-(2**62))


def weighted(values: Ints, weight: Fraction) -> Ints:
    """`values` times `weight`; exact, as scaled values leave room for the factor's decimals."""
    if weight == 1:
        return values
    scaled = values * weight.numerator // weight.denominator
    return np.where(values == NULL, NULL, scaled)


def added(left: Ints, right: Ints) -> Ints:
    return np.where((left == NULL) | (right == NULL), NULL, left + right)


def extreme(left: Ints, right: Ints, greatest: bool) -> Ints:
    chosen = np.maximum(left, right) if greatest else np.minimum(left, right)
    return np.where((left == NULL) | (right == NULL), NULL, chosen)


def compared(left: Ints, by: Operator, right: Ints) -> Mask:
    """False where a side is null."""
    match by:
        case Operator.EQ:
            result = left == right
        case Operator.NE:
            result = left != right
        case Operator.LT:
            result = left < right
        case Operator.LE:
            result = left <= right
        case Operator.GT:
            result = left > right
        case Operator.GE:
            result = left >= right
    return np.asarray(result & (left != NULL) & (right != NULL))


def bits(values: Ints, codes: Mapping[int, int]) -> Ints:
    """One bit for each value that has a code, none for the others."""
    kinds, back = np.unique(values, return_inverse=True)
    each = [1 << codes[kind] if kind in codes else 0 for kind in kinds.tolist()]
    return np.array(each, dtype=np.int64)[back]


def looked_up(axes: tuple[Ints, ...], table: Ints, keys: list[Ints]) -> Ints:
    """Cells of `table` at the places of `keys` on its axes; a key that is on none is null."""
    spots = []
    for axis, key in zip(axes, keys, strict=True):
        at = np.minimum(np.searchsorted(axis, key), len(axis) - 1)
        spots.append(np.where(axis[at] == key, at, 0))
    return np.asarray(table[tuple(spots)])
