"""Reading a large array: drift and read noise in one pass over the cells, in single precision."""

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.compiled import vectorised

Floats = NDArray[np.float32]

DEVIATION = 65536.0 / 3.0**0.5
"""Standard deviation of the sum of four numbers that are uniform over 16 bits."""

_ONE = np.float32(1.0)
_LOG2_STEP = np.float32(2.8853900817779268)
_THIRD, _FIFTH, _SEVENTH, _NINTH = (np.float32(2.8853900817779268 / n) for n in (3, 5, 7, 9))
_LOG10_OF_2 = np.float32(0.30102999566398120)
_MANTISSA, _EXPONENT_OF_ONE, _BIAS = np.int32(0x7FFFFF), np.int32(0x3F800000), np.int32(127)
_LOW = np.uint32(0xFFFF)
_STRIDE, _FIRST, _SECOND, _THIRD_FACTOR = (np.uint32(w) for w in (2654435769, 0x7FEB352D, 0x846CA68B, 0x9E3779B1))


@vectorised
def drifted(
    now: np.int64, since: NDArray[np.int64], scale: np.float32, exponent: Floats, decades: Floats, key: np.uint32,
    noise: np.float32, work: Floats, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` with log10 R = decades + exponent log10(age) + noise, the age at least 1.

    The logarithm is that of the binary exponent plus an odd series of the mantissa, right to 6e-7. The noise is the
    sum of four uniform numbers from a hash of ``key`` and the cell's number.

    Args:
        now: Time.
        since: (n,) times of the last switching.
        scale: Ages for each unit of time.
        exponent: (n,) d.
        decades: (n,) log10 R at the age 1.
        key: Another one for each read.
        noise: Noise, in decades, for each unit of the sum; see `DEVIATION`.
        work: (n,) room.
        out: (n,) result.
    """
    for i in range(out.size):
        work[i] = max(np.float32(now - since[i]) * scale, _ONE)
    bits = work.view(np.int32)
    for i in range(out.size):
        word = bits[i]
        out[i] = np.float32((word >> np.int32(23)) - _BIAS)
        bits[i] = (word & _MANTISSA) | _EXPONENT_OF_ONE
    for i in range(out.size):
        step = (work[i] - _ONE) / (work[i] + _ONE)
        square = step * step
        log2 = out[i] + step * (
            _LOG2_STEP + square * (_THIRD + square * (_FIFTH + square * (_SEVENTH + square * _NINTH)))
        )
        word_ = np.uint32(key + np.uint32(np.uint32(i) * _STRIDE))
        word_ = np.uint32((word_ ^ (word_ >> np.uint32(16))) * _FIRST)
        word_ = np.uint32((word_ ^ (word_ >> np.uint32(15))) * _SECOND)
        word_ = np.uint32(word_ ^ (word_ >> np.uint32(16)))
        other = np.uint32(word_ * _THIRD_FACTOR)
        other = np.uint32(other ^ (other >> np.uint32(15)))
        total = (
            np.int32(word_ & _LOW) + np.int32(word_ >> np.uint32(16)) + np.int32(other & _LOW)
            + np.int32(other >> np.uint32(16)) - np.int32(131070)
        )  # fmt: skip
        out[i] = decades[i] + exponent[i] * _LOG10_OF_2 * log2 + noise * np.float32(total)
