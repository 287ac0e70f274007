"""An own stream of random numbers for each cell, the same for any order and any number of threads.

A stream is SplitMix64 with an own odd stride (Source: Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014); its whole state is one 64-bit number. Normal deviates come from a ziggurat of 256 layers
(Source: Marsaglia and Tsang, J. Stat. Softw. 5(8), 2000). The compiled functions take a stream's state and stride and
return the value and the new state, so that a kernel keeps both in registers.
"""

from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.compiled import compiled

WordArray = NDArray[np.uint64]
FloatArray = NDArray[np.float64]

#: 2^64 divided by the golden ratio: the stride of SplitMix64 where no own one is needed.
GOLDEN_STRIDE = np.uint64(0x9E3779B97F4A7C15)
#: Multipliers of variant 13 of Stafford's mixing function, as in SplitMix64.
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
#: A stride with fewer bit changes than this is flipped in every other bit (Steele et al., section 5).
_FEWEST_BIT_CHANGES = 24
_EVERY_OTHER_BIT = np.uint64(0xAAAAAAAAAAAAAAAA)
_ONE, _ELEVEN, _27, _30, _31 = (np.uint64(shift) for shift in (1, 11, 27, 30, 31))
_LAYER_MASK = np.uint64(255)
_LAYERS = 256
#: Where the tail begins and the area of a layer, for 256 layers (Marsaglia and Tsang, section 2).
_TAIL = 3.6541528853610088
_AREA = 0.00492867323397465524494
_UNIT = 2.0**-53


def _mixed(word: Any) -> Any:
    """Mix one word (compiled) or an array of words (numpy)."""
    word = (word ^ (word >> _30)) * _FIRST_FACTOR
    word = (word ^ (word >> _27)) * _SECOND_FACTOR
    return word ^ (word >> _31)


mixed = compiled(_mixed)


def seed_streams(count: int, seed: int) -> tuple[WordArray, WordArray]:
    """Start ``count`` independent streams; stream i depends on ``seed`` and i alone.

    Returns:
        States and strides, (count,) each.

    Raises:
        ValueError: a negative count, or a seed outside 0 .. 2^64 - 1.
    """
    if count < 0:
        raise ValueError(f"the number of streams must not be negative, got {count}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"the seed must be within 0 .. 2^64 - 1, got {seed}")
    root = _mixed(np.array([seed], dtype=np.uint64))
    index = np.arange(2 * count, dtype=np.uint64)
    words = _mixed(root + (index + _ONE) * GOLDEN_STRIDE)
    states, strides = words[0::2].copy(), words[1::2] | _ONE
    dull = np.bitwise_count(strides ^ (strides >> _ONE)) < _FEWEST_BIT_CHANGES
    strides[dull] ^= _EVERY_OTHER_BIT  # leaves bit 0 alone: a stride stays odd
    return states, strides


def advance_uniforms(states: WordArray, strides: WordArray) -> FloatArray:
    """Take the next number within 0 <= u < 1 from every stream; ``states`` (n,) moves on in place."""
    states += strides
    return np.asarray((_mixed(states) >> _ELEVEN).astype(np.float64) * _UNIT)


@compiled
def uniform(state: np.uint64, stride: np.uint64) -> tuple[float, np.uint64]:
    """Return a number within 0 <= u < 1 and the new state."""
    state = state + stride
    return np.int64(mixed(state) >> _ELEVEN) * _UNIT, state


def _layer_edges() -> FloatArray:
    edges = np.zeros(_LAYERS + 1)
    edges[0] = _AREA / exp(-0.5 * _TAIL * _TAIL)
    edges[1] = _TAIL
    for layer in range(1, _LAYERS - 1):
        edges[layer + 1] = sqrt(-2.0 * log(exp(-0.5 * edges[layer] ** 2) + _AREA / edges[layer]))
    return edges


_EDGES = _layer_edges()
_HEIGHTS = np.exp(-0.5 * _EDGES**2)
#: A signed 52-bit integer times this is a point of the layer; one below the other is inside the next layer too.
_STEPS = _EDGES[:-1] * 2.0**-51
_INSIDE = np.floor(_EDGES[1:] / _EDGES[:-1] * 2.0**51).astype(np.int64)


@compiled
def _tail(state: np.uint64, stride: np.uint64) -> tuple[float, np.uint64]:
    """Return a normal deviate above the start of the tail, and the new state."""
    while True:
        first, state = uniform(state, stride)
        second, state = uniform(state, stride)
        beyond = -np.log(1.0 - first) / _TAIL
        if -2.0 * np.log(1.0 - second) > beyond * beyond:
            return _TAIL + beyond, state


@compiled
def normal(state: np.uint64, stride: np.uint64) -> tuple[float, np.uint64]:
    """Return a standard normal deviate and the new state."""
    while True:
        state = state + stride
        bits = mixed(state)
        layer = np.int64(bits & _LAYER_MASK)
        place = np.int64(bits) >> 12
        value = place * _STEPS[layer]
        if abs(place) < _INSIDE[layer]:
            return value, state
        if layer == 0:
            far, state = _tail(state, stride)
            return (far if place >= 0 else -far), state
        share, state = uniform(state, stride)
        height = _HEIGHTS[layer] + share * (_HEIGHTS[layer + 1] - _HEIGHTS[layer])
        if height < np.exp(-0.5 * value * value):
            return value, state


@compiled
def fill_normals(states: WordArray, strides: WordArray, values: FloatArray) -> None:
    """Fill row i of ``values`` (n, k) with the next k standard normal deviates of stream i; ``states`` moves on."""
    for stream in range(values.shape[0]):
        state = states[stream]
        stride = strides[stream]
        for column in range(values.shape[1]):
            values[stream, column], state = normal(state, stride)
        states[stream] = state
