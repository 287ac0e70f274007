"""From SI units to the wire's whole numbers; what board or sample cannot take is refused before anything is sent."""

from typing import Any

import numpy as np

from drivers.pe_board_wire.codes import Feature
from drivers.pe_board_wire.hello import Capabilities
from drivers.pe_board_wire.requests import WirePulse, WireRead, WireWrite
from labctl.capabilities import Cells, Floats, Ints, LinePulse, WriteSettings
from labctl.errors import ConfigError, LimitError
from labctl.instrument import SampleLimits
from labctl.units import Unit, format_quantity

STEP_SLACK = 1e-3
"""Part of a step that a value may be off it: the noise of floating-point numbers, and no more."""
SLACK = 1e-9
"""Relative slack of bounds that are computed."""
_MILLI, _NANO, _PICO = 1e3, 1e9, 1e12


class Limits:
    """What one board and one sample take.

    Args:
        role: The board's name in messages.
        board: From HELLO, or the document's.
        sample: From the station.
    """

    def __init__(self, role: str, board: Capabilities, sample: SampleLimits) -> None:
        self.role = role
        self.board = board
        self.sample = sample

    def cells(self, cells: Cells | list[int], *, unique: bool) -> Ints:
        """Return cell numbers as an array, each of them on the board."""
        numbers = self.whole("cells", cells, self.board.geometry.cells - 1)
        return self._once("cell", numbers) if unique else numbers

    def rows(self, rows: Ints) -> Ints:
        """Return rows of an array, each once."""
        return self._once("row", self.whole("rows", rows, self.board.rows - 1))

    def codes(self, codes: Ints, bits: int) -> Ints:
        """Return (n, columns) signed inputs of ``bits`` bits."""
        most = 2**bits - 1
        inputs = self.whole("input codes", codes, most, -most, dimensions=2)
        if inputs.shape[1] != self.board.columns:
            raise ConfigError(f"{self.role}: input codes are (n, {self.board.columns}), not {inputs.shape}")
        return inputs

    def whole(self, what: str, values: Any, highest: int, lowest: int = 0, *, dimensions: int = 1) -> Ints:
        """Return a list of whole numbers from ``lowest`` to ``highest`` as an array."""
        numbers = np.asarray(values)
        if numbers.ndim != dimensions:
            raise ConfigError(f"{self.role}: {what} are to be an array of {dimensions} dimensions, not {numbers.ndim}")
        if numbers.size == 0:
            raise ConfigError(f"{self.role}: the list of {what} is empty")
        if numbers.dtype.kind not in "iu":
            raise ConfigError(f"{self.role}: {what} are whole numbers, not {numbers.dtype}")
        if numbers.min() < lowest or numbers.max() > highest:
            wrong = numbers[(numbers < lowest) | (numbers > highest)][0]
            raise LimitError(f"{self.role}: {what} go from {lowest} to {highest}, but the list has {wrong}")
        return numbers.astype(np.int64)

    def count(self, what: str, value: int, highest: int, lowest: int = 1) -> int:
        """Return one whole number from ``lowest`` to ``highest``."""
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise ConfigError(f"{self.role}: {what} is a whole number, not {value!r}")
        if not lowest <= value <= highest:
            raise LimitError(f"{self.role}: {what} goes from {lowest} to {highest}, but is to be {value}")
        return int(value)

    def needs(self, feature: Feature) -> None:
        """Refuse what this board's firmware does not have."""
        if not self.board.features & feature:
            raise LimitError(f"{self.role}: the firmware of this board has no {feature.name}")

    def read(self, voltage: float, averages: int) -> WireRead:
        """Return a read's voltage and averages."""
        self._sample_voltage("word line of a read", self.board.read_word_mv / _MILLI)
        self._sample_voltage("read voltage", voltage)
        self._device_voltage("read voltage", voltage)
        most = self.board.read_max_mv
        return WireRead(
            self.number("read voltage", voltage, "V", _MILLI, 0, most),
            self.count("number of averages", averages, self.board.max_averages),
        )

    def pulse(self, pulse: LinePulse) -> WirePulse:
        """Return a pulse's levels and width."""
        board = self.board
        for name in ("word_line", "bit_line", "source_line"):
            self._sample_voltage(name.replace("_", " "), getattr(pulse, name))
        self._device_voltage("voltage across the cell", pulse.device_voltage)
        return WirePulse(
            self.number("word line", pulse.word_line, "V", _MILLI, 0, board.word_max_mv),
            self.number("bit line", pulse.bit_line, "V", _MILLI, 0, board.bit_max_mv),
            self.number("source line", pulse.source_line, "V", _MILLI, 0, board.source_max_mv),
            self.number(
                "pulse width", pulse.width, "s", _NANO, board.width_min_ns, board.width_max_ns, board.width_step_ns
            ),
        )

    def write(self, settings: WriteSettings, most_pulses: int) -> WireWrite:
        """Return how a closed-loop write goes about it."""
        self.needs(Feature.WRITE)
        tolerance = self.number("tolerance", settings.tolerance, "A", _PICO, 0, self.board.full_scale_pa, rounded=True)
        return WireWrite(
            self.pulse(settings.set_pulse),
            self.pulse(settings.reset_pulse),
            self.read(settings.read_voltage, settings.averages),
            tolerance,
            self.count("pulse limit", settings.pulse_limit, most_pulses, lowest=0),
        )

    def targets(self, targets: Floats, count: int, voltage: float) -> Ints:
        """Return ``count`` target currents in pA, rounded to the nearest; the converter's step is 1000 times that."""
        wanted = np.asarray(targets, dtype=np.float64)
        if wanted.shape != (count,):
            raise ConfigError(f"{self.role}: {count} cells need {count} targets, not an array of shape {wanted.shape}")
        self._within("target current", wanted, "A", 0.0, self.board.full_scale_pa / _PICO)
        if self.sample.current is not None:
            self._within("target current", wanted, "A", 0.0, self.sample.current, "the sample stands ")
        if self.sample.conductance is not None:
            if voltage <= 0.0:
                raise LimitError(f"{self.role}: at a read voltage of 0 V a target has no conductance to be checked")
            self._within("target conductance", wanted / voltage, "S", *self.sample.conductance, "the sample stands ")
        return np.rint(wanted * _PICO).astype(np.int64)

    def number(
        self,
        what: str,
        value: float,
        unit: Unit,
        scale: float,
        low: int,
        high: int,
        step: int = 1,
        *,
        rounded: bool = False,
    ) -> int:
        """Return ``value`` (in ``unit``) as ``value x scale``; off the steps it is refused unless ``rounded``."""
        scaled = value * scale
        if not low - STEP_SLACK * step <= scaled <= high + STEP_SLACK * step:
            bounds = " to ".join(format_quantity(bound / scale, unit) for bound in (low, high))
            raise LimitError(f"{self.role}: {what} is to be {format_quantity(value, unit)}, but goes from {bounds}")
        steps = round((scaled - low) / step)
        if not rounded and abs(scaled - low - steps * step) > STEP_SLACK * step:
            given, grid = format_quantity(value, unit, 9), format_quantity(step / scale, unit)
            raise LimitError(f"{self.role}: {what} is to be {given}, but goes in steps of {grid}")
        return low + steps * step

    def _once(self, what: str, numbers: Ints) -> Ints:
        if len(numbers) > 1:
            ordered = np.sort(numbers)
            repeated = ordered[1:][ordered[1:] == ordered[:-1]]
            if len(repeated):
                raise ConfigError(f"{self.role}: {what} {repeated[0]} is in the list more than once; nothing was sent")
        return numbers

    def _sample_voltage(self, what: str, value: float) -> None:
        if self.sample.voltage is not None:
            self._within(what, np.array([value]), "V", 0.0, self.sample.voltage, "the sample stands ")

    def _device_voltage(self, what: str, value: float) -> None:
        most = self.sample.device_voltage
        if most is not None:
            self._within(what, np.array([value]), "V", -most, most, "the sample stands ")

    def _within(
        self, what: str, values: Floats, unit: Unit, low: float, high: float, words: str = "it goes from "
    ) -> None:
        slack = SLACK * max(abs(low), abs(high)) if np.isfinite(high) else SLACK * abs(low)
        good = (values >= low - slack) & (values <= high + slack)
        if not good.all():
            bounds = " to ".join(format_quantity(bound, unit) for bound in (low, high))
            wrong = format_quantity(float(values[~good][0]), unit)
            raise LimitError(f"{self.role}: {what} is to be {wrong}, but {words}{bounds}; nothing was sent")
