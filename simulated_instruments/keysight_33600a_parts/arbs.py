"""Arbitrary waveforms: the volatile memory of one channel, uploads, built-in shapes and sequences."""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.keysight_33600a_parts import conflicts, limits
from simulated_instruments.keysight_33600a_parts.channel import DEFAULT_ARB
from simulated_instruments.scpi import ScpiError
from simulated_instruments.scpi.parameters import block_bytes, text_of

Codes = NDArray[np.int16]
PLAYS = ("once", "onceWaitTrig", "repeat", "repeatInf", "repeatTilTrig")
MARKERS = ("maintain", "lowAtStart", "highAtStart", "highAtStartGoLow")
_BUILTIN_POINTS = 250
"""Of the built-in shapes: the period and sample rate after a reset give it for EXP_RISE; for the others *assumed*."""
_SEGMENT = re.compile(r'\s*"([^"]*)"\s*,\s*(\d{1,9})\s*,\s*(\w+)\s*,\s*(\w+)\s*,\s*(\d{1,9})\s*')


@dataclass(frozen=True)
class Segment:
    """One line of a sequence: an arb, how often it plays, and how the next one is reached."""

    arb: str
    repeat: int
    play: str
    marker: str
    marker_point: int


def builtin_arbs() -> dict[str, Codes]:
    """Return the built-in shapes by path; the curves are *assumed*, the names are the instrument's."""
    x = np.linspace(0.0, 1.0, _BUILTIN_POINTS)
    shapes = {
        "EXP_RISE": 1 - 2 * np.exp(-5 * x),
        "EXP_FALL": 2 * np.exp(-5 * x) - 1,
        "GAUSSIAN": 2 * np.exp(-(((x - 0.5) / 0.12) ** 2)) - 1,
        "HAVERSINE": -np.cos(2 * np.pi * x),
        "NEG_RAMP": 1 - 2 * x,
        "SINC": np.sinc(12 * (x - 0.5)),
    }
    return {f"INT:\\BUILTIN\\{name}.ARB": to_codes(shape) for name, shape in shapes.items()}


def to_codes(values: NDArray[np.float64] | NDArray[np.float32]) -> Codes:
    """Turn values from -1 to 1 into DAC codes."""
    return np.rint(values * limits.DAC_FULL_SCALE).astype(np.int16)


def read_points(arguments: list[bytes], *, dac: bool, swapped: bool) -> Codes:
    """Turn an upload's arguments, a block or a list of numbers, into DAC codes.

    Args:
        arguments: One block, or one number each.
        dac: Codes from -32767 to 32767 rather than values from -1 to 1.
        swapped: Blocks have their least significant byte first.

    Raises:
        ScpiError: -109, there are none; +800, the block ends within a point; -121, not numbers; -222, out of range.
    """
    if not arguments:
        raise ScpiError(-109)
    if arguments[0].startswith(b"#"):
        numbers = _from_block(arguments, dac=dac, swapped=swapped)
    else:
        try:
            numbers = np.array(arguments, dtype="S32").astype(np.float64)
        except ValueError:
            raise ScpiError(-121) from None
    bound = limits.DAC_FULL_SCALE if dac else 1.0
    if not len(numbers) or not -bound <= float(numbers.min()) <= float(numbers.max()) <= bound:
        raise ScpiError(-222)
    return np.rint(numbers).astype(np.int16) if dac else to_codes(numbers)


def _from_block(arguments: list[bytes], *, dac: bool, swapped: bool) -> NDArray[np.float64]:
    if len(arguments) > 1:
        raise ScpiError(-108)
    data = block_bytes(arguments[0])
    kind = np.dtype(np.int16 if dac else np.float32).newbyteorder("<" if swapped else ">")
    if len(data) % kind.itemsize:
        raise ScpiError(*conflicts.ODD_BLOCK)
    return np.frombuffer(data, dtype=kind).astype(np.float64)


@dataclass
class Memory:
    """The volatile memory of one channel. It survives a reset and a new session; only clearing it frees it.

    Args:
        capacity: Points that all arbs together may have; a sequence takes none of its own.
    """

    capacity: int
    arbs: dict[str, Codes] = field(default_factory=dict)
    sequences: dict[str, tuple[Segment, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._builtin = builtin_arbs()
        self.clear()

    def clear(self) -> None:
        """Drop everything but the built-in shape that is always there."""
        self.arbs = {DEFAULT_ARB: self._builtin[DEFAULT_ARB]}
        self.sequences = {}

    @property
    def free(self) -> int:
        """Points that are left; the built-in shape takes none."""
        return self.capacity - sum(len(codes) for name, codes in self.arbs.items() if name != DEFAULT_ARB)

    def find(self, name: str) -> str:
        """Return the stored spelling of ``name``, whatever its case.

        Raises:
            ScpiError: +785 (*unconfirmed*), nothing has that name.
        """
        for stored in (*self.arbs, *self.sequences):
            if stored.upper() == name.upper():
                return stored
        if name.upper() in self._builtin:
            return name.upper()
        raise ScpiError(*conflicts.NO_SUCH_ARB)

    def holds(self, name: str) -> bool:
        """Return whether ``name``, in its stored spelling, can be played."""
        return name in self.arbs or name in self.sequences or name in self._builtin

    def codes(self, name: str) -> Codes:
        """Return the points of the arb called ``name``.

        Raises:
            ScpiError: +785 (*unconfirmed*), there is none.
        """
        stored = self.find(name)
        if stored in self.sequences:
            raise ScpiError(*conflicts.NO_SUCH_ARB)
        return self.arbs[stored] if stored in self.arbs else self._builtin[stored]

    def store(self, name: str, codes: Codes) -> None:
        """Keep an arb.

        Raises:
            ScpiError: +786, the name is taken and the old points stay; -222, too few points; +880, memory is full.
        """
        self._check_name(name)
        if len(codes) < limits.MIN_ARB_POINTS:
            raise ScpiError(-222)
        if len(codes) > self.free:
            raise ScpiError(*conflicts.OUT_OF_MEMORY)
        self.arbs[name] = codes

    def store_sequence(self, block: bytes) -> None:
        """Keep the sequence that a ``DATA:SEQuence`` block describes.

        Raises:
            ScpiError: -224 for a text that does not parse, +785 for a segment that is not loaded.
        """
        name, segments = parse_sequence(text_of(block))
        self._check_name(name)
        for segment in segments:
            self.codes(segment.arb)
        self.sequences[name] = segments

    def _check_name(self, name: str) -> None:
        if "\\" not in name and len(name) > max(limits.MAX_NAME, len("x.seq")) and not name.endswith(".seq"):
            raise ScpiError(-224)
        if any(name.upper() == taken.upper() for taken in (*self.arbs, *self.sequences, *self._builtin)):
            raise ScpiError(*conflicts.ARB_EXISTS)


def parse_sequence(text: str) -> tuple[str, tuple[Segment, ...]]:
    """Read ``"name","arb",repeat,play,marker,point,...``.

    Raises:
        ScpiError: -224, a word or a count is not one the instrument knows; -223, more segments than it holds.
    """
    head = re.match(r'\s*"([^"]+)"\s*,', text)
    if head is None:
        raise ScpiError(-224)
    segments: list[Segment] = []
    at = head.end()
    while True:
        match = _SEGMENT.match(text, at)
        if match is None:
            raise ScpiError(-224)
        segments.append(_segment(match))
        if len(segments) > limits.MAX_SEGMENTS:
            raise ScpiError(-223)
        at = match.end()
        if at == len(text):
            return head[1], tuple(segments)
        if text[at] != ",":
            raise ScpiError(-224)
        at += 1


def _segment(match: "re.Match[str]") -> Segment:
    play = next((word for word in PLAYS if word.upper() == match[3].upper()), None)
    marker = next((word for word in MARKERS if word.upper() == match[4].upper()), None)
    if play is None or marker is None:
        raise ScpiError(-224)
    return Segment(match[1], int(match[2]), play, marker, int(match[5]))
