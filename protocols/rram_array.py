"""What the measurements on arrays of 1T1R cells have in common: the published pulses, and the closed-loop write."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from labctl.capabilities import ArrayGeometry, Floats, Ints, LinePulse, WriteSettings
from labctl.errors import ConfigError
from labctl.protocol import Amps, Protocol, Volts

EXPECTED_PULSES = 40.0
"""Pulses of an average write, for the estimate of the duration; *assumed*."""
READ_SECONDS = 10e-6
"""Of one read of one cell, for the estimate of the duration; *assumed*."""


class ArrayProtocol(Protocol):
    """A measurement on an array of cells that are written with identical pulses and read at a small voltage.

    Source: CNN-A, CNN-B: Yao et al., Nature 577, 641 (2020), Methods: the pulses, and reads at 0.2 V.
    """

    set_pulse: LinePulse = Field(
        default=LinePulse(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9), description="when too low"
    )
    reset_pulse: LinePulse = Field(
        default=LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9), description="when too high"
    )
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which currents are read")
    averages: int = Field(default=1, ge=1, le=1000, description="reads averaged for each current")
    tolerance: Amps = Field(default=50e-9, gt=0.0, le=1e-5, description="accepted distance from the target current")
    pulse_limit: int = Field(default=500, ge=1, le=10_000, description="most pulses in one write")

    @model_validator(mode="after")
    def _check_polarities(self) -> Self:
        if self.set_pulse.device_voltage <= 0.0:
            raise ValueError("set_pulse: the bit line must be above the source line")
        if self.reset_pulse.device_voltage >= 0.0:
            raise ValueError("reset_pulse: the source line must be above the bit line")
        return self

    @property
    def highest_voltage(self) -> float:
        """The highest level on any line, in V."""
        return max(self.set_pulse.highest_voltage, self.reset_pulse.highest_voltage)

    @property
    def highest_device_voltage(self) -> float:
        """The highest voltage across a cell, in V."""
        return max(self.set_pulse.device_voltage, -self.reset_pulse.device_voltage)

    @property
    def widest(self) -> float:
        """Width of the longer pulse, in s."""
        return max(self.set_pulse.width, self.reset_pulse.width)

    def write_settings(self, *, tolerance: float | None = None) -> WriteSettings:
        """Return how a write goes about it; ``tolerance`` (A) in place of the protocol's."""
        return WriteSettings(
            self.set_pulse, self.reset_pulse, tolerance or self.tolerance, self.pulse_limit, self.read_voltage,
            self.averages,
        )  # fmt: skip


def check_array(geometry: ArrayGeometry, array: int) -> None:
    """Refuse an array that is not there.

    Raises:
        ConfigError: Names it.
    """
    if array >= geometry.arrays:
        raise ConfigError(f"array is {array}, but the arrays are 0 to {geometry.arrays - 1}")


def pair_targets(levels: Ints, lowest: float, step: float) -> Floats:
    """Return (..., 2) conductances, in S, of pairs whose difference is ``levels`` (...) times ``step``.

    One cell of a pair stays at ``lowest``. Source: CNN-C, Yao et al., Nature 577, 641 (2020).
    """
    targets: Floats = lowest + step * np.stack([np.maximum(levels, 0), np.maximum(-levels, 0)], axis=-1)
    return targets
