"""The models of the 2600B series, and what each can force.

Source: Series 2600B data sheet pp. 10-15; Series 2600B Reference Manual 2600BS-901-01, command reference
(``smuX.source.limitY``, ``smuX.source.rangeY``).
"""

from typing import NamedTuple

OVER_RANGE = 1.01
"""A source goes to 101 % of its range (reference manual)."""


class Model(NamedTuple):
    """What one model can force.

    Attributes:
        channels: Its SMUs, by name in TSP.
        voltage_ranges: In V, lowest first.
        current_ranges: Of the source, in A, lowest first; the 10 A range is for pulses alone and left out.
        voltage_limits: Lowest and highest ``limitv``, in V.
        current_limits: Lowest and highest ``limiti``, in A.
        envelope: (V, A) corners of the power envelope, lowest voltage first.
        lowest_measured: Lowest range for measuring current, in A.
        settling: Longest wait for one reading's ranging, in s: several current ranges each settling once. Assumed;
            it only lengthens time-outs.
    """

    channels: tuple[str, ...]
    voltage_ranges: tuple[float, ...]
    current_ranges: tuple[float, ...]
    voltage_limits: tuple[float, float]
    current_limits: tuple[float, float]
    envelope: tuple[tuple[float, float], ...]
    lowest_measured: float
    settling: float

    @property
    def highest_voltage(self) -> float:
        """The highest level, in V."""
        return self.voltage_ranges[-1] * OVER_RANGE

    @property
    def highest_current(self) -> float:
        """The highest level, in A."""
        return self.current_ranges[-1] * OVER_RANGE

    def current_at(self, voltage: float) -> float:
        """Return the highest current, in A, that the power envelope leaves at ``voltage`` (V); 0 beyond it."""
        return next((current for corner, current in self.envelope if abs(voltage) <= corner), 0.0)


_DECADES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_ONE, _TWO = ("smua",), ("smua", "smub")
_HIGH_ENVELOPE = ((20.0 * OVER_RANGE, 1.515), (202.0, 0.101))
_LOW = Model(
    _ONE, (0.1, 1.0, 6.0, 40.0), (*_DECADES, 3.0), (0.01, 40.0), (1e-8, 3.0),
    ((6.06, 3.0 * OVER_RANGE), (40.4, 1.0 * OVER_RANGE)), 1e-7, 0.1,
)  # fmt: skip
_HIGH = Model(_ONE, (0.2, 2.0, 20.0, 200.0), (*_DECADES, 1.5), (0.02, 200.0), (1e-8, 1.5), _HIGH_ENVELOPE, 1e-7, 0.1)
"""Of the 2611B, 2612B and 2614B; the manual prints limits up to 3 A, of which 1.5 A are usable at DC."""
_FEMTO = Model(
    _ONE, (0.2, 2.0, 20.0, 200.0), (1e-9, 1e-8, *_DECADES, 1.5), (0.02, 200.0), (1e-10, 1.5), _HIGH_ENVELOPE, 1e-10, 2.0
)
"""Of the 2634B, 2635B and 2636B; their voltage limits are *unconfirmed*, taken from the 2611B."""

MODELS: dict[str, Model] = {
    "2601B": _LOW,
    "2602B": _LOW._replace(channels=_TWO),
    "2604B": _LOW._replace(channels=_TWO),
    "2612B": _HIGH._replace(channels=_TWO),
    "2614B": _HIGH._replace(channels=_TWO),
    "2634B": _FEMTO._replace(channels=_TWO, lowest_measured=1e-9),
    "2635B": _FEMTO,
    "2636B": _FEMTO._replace(channels=_TWO),
}
