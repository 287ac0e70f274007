"""What is done with one instrument by hand, in the station's thread: settings, lines of text, single cells. No Qt."""

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from labctl.api import check_limits
from labctl.capabilities import CellArray, LinePulse, Pulse, PulseSource, SourceMeter
from labctl.errors import ConfigError
from labctl.gui.facts import with_unit
from labctl.gui.texts import exact_text
from labctl.instrument import Instrument
from labctl.links.link import TranscriptEntry
from labctl.protocol import Amps, Plan, Volts
from labctl.settings import BoundSetting, Value
from labctl.units import format_quantity

HEX = "hex:"
"""What begins a line that is to be sent as bytes."""


@dataclasses.dataclass(frozen=True)
class SettingEntry:
    """A setting as the panel shows it.

    Attributes:
        name: On the driver.
        doc: What it is.
        unit: From the closed list.
        kind: Type of the value.
        choices: The values that there are, as text; empty where it is no enumeration.
        range: Lowest and highest value in words.
        readable: Whether it can be read.
        writable: Whether it can be set.
        disturbs: Whether reading it acts on a device.
        value: As it was read, in words; ``None`` where it was not.
    """

    name: str
    doc: str
    unit: str
    kind: str
    choices: tuple[str, ...]
    range: str
    readable: bool
    writable: bool
    disturbs: bool
    value: str | None


def read_settings(instrument: Instrument) -> tuple[SettingEntry, ...]:
    """Read every setting that can be read without acting on a device.

    Raises:
        LabctlError: The instrument does not answer.
    """
    return tuple(_entry(bound, disturbing=False) for bound in instrument.settings().values())


def read_one(instrument: Instrument, name: str) -> tuple[SettingEntry, ...]:
    """Read one setting, even if that acts on a device."""
    return (_entry(instrument.settings()[name], disturbing=True),)


def write_one(instrument: Instrument, name: str, text: str) -> tuple[SettingEntry, ...]:
    """Set one setting, and read every one: limits and values may hang on each other.

    Raises:
        LimitError: Beyond the limits; nothing was sent.
        ConfigError: Of the wrong kind or unit; nothing was sent.
    """
    bound = instrument.settings()[name]
    bound.set(_value(bound, text))
    return read_settings(instrument)


def _entry(bound: BoundSetting, *, disturbing: bool) -> SettingEntry:
    setting = bound.setting
    value = None
    if setting.read is not None and (disturbing or not setting.disturbs):
        value = bound.get()
    limits = bound.limits
    span = " to ".join(format_quantity(bound_, setting.unit) for bound_ in limits) if limits is not None else ""
    return SettingEntry(
        bound.name, setting.doc, setting.unit, setting.kind, tuple(map(str, _choices(bound))), span,
        setting.read is not None, setting.write is not None, setting.disturbs,
        None if value is None else _shown(value, setting.unit),
    )  # fmt: skip


def _shown(value: Value, unit: str) -> str:
    plain = value.value if isinstance(value, enum.Enum) else value
    if isinstance(plain, float):
        return exact_text(plain, unit)
    return with_unit(plain, unit)


def _choices(bound: BoundSetting) -> list[Value]:
    choices = bound.setting.choices
    return [choice.value for choice in choices] if isinstance(choices, type) else list(choices or ())


def _value(bound: BoundSetting, text: str) -> Value:
    for choice in _choices(bound):
        if str(choice) == text:
            return choice
    if bound.setting.kind == "bool":
        return text == "yes"
    return text


def send_line(instrument: Instrument, text: str, *, answer: bool) -> str:
    """Send a line, or bytes after ``hex:``, and return the line that answers it where one is wanted.

    Raises:
        ConfigError: These are no bytes.
        LinkError: The line is gone, or no answer came.
    """
    link = instrument.link
    with link.lock:
        if text.startswith(HEX):
            try:
                link.send(bytes.fromhex(text.removeprefix(HEX)))
            except ValueError as error:
                raise ConfigError(f"{text!r}: after {HEX} write bytes such as 02 ff 00") from error
            return link.read_until(link.options.terminator).decode("latin-1") if answer else ""
        if answer:
            return link.query(text)
        link.write(text)
    return ""


def wire_text(entry: TranscriptEntry) -> str:
    """Return a message as text, or in hexadecimal where it is none."""
    data = entry.data.rstrip(b"\r\n")
    text = data.decode("latin-1")
    return text if all(" " <= c <= "~" or c == "\t" for c in text) else f"{HEX} {data.hex(' ')}"


# -- one cell, by capability --------------------------------------------------------------------------------------


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReadCell(_Form):
    """Read one cell."""

    cell: int = Field(default=0, ge=0, description="linear index over all arrays")
    voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which it is read")
    averages: int = Field(default=1, ge=1, le=1000, description="reads that are averaged")


class PulseCell(_Form):
    """Give one cell one pulse, and read it after."""

    cell: int = Field(default=0, ge=0, description="linear index over all arrays")
    read_voltage: Volts = Field(default=0.2, gt=0.0, le=0.3, description="at which it is read after")
    pulse: LinePulse = Field(
        default=LinePulse(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9), description="a SET pulse at first"
    )


class MeasureCurrent(_Form):
    """Force a voltage and read the current once."""

    voltage: Volts = Field(default=0.1, ge=-60.0, le=60.0, description="forced while it is read")
    compliance: Amps = Field(default=1e-4, gt=0.0, le=1.0, description="highest current")
    nplc: float = Field(default=1.0, gt=0.0, le=25.0, description="integration time in power line cycles")


class GivePulse(_Form):
    """Give one voltage pulse."""

    pulse: Pulse = Field(default=Pulse(height=0.5, width=100e-9), description="at the device")


class Action(NamedTuple):
    """Something that can be done with an instrument that has a capability."""

    title: str
    form: type[BaseModel]
    capability: type
    do: Callable[[Any, Any], str]


def _read_cell(array: CellArray, given: ReadCell) -> str:
    current = float(array.read_cells(np.array([given.cell]), voltage=given.voltage, averages=given.averages)[0])
    return _cell_words(given.cell, current, given.voltage)


def _pulse_cell(array: CellArray, given: PulseCell) -> str:
    cells = np.array([given.cell])
    current = float(array.pulse_and_read_cells(cells, given.pulse, voltage=given.read_voltage)[0])
    return "after the pulse " + _cell_words(given.cell, current, given.read_voltage)


def _cell_words(cell: int, current: float, voltage: float) -> str:
    read, conductance = format_quantity(current, "A", 4), format_quantity(current / voltage, "S", 4)
    return f"cell {cell}: {read} at {format_quantity(voltage, 'V')}, {conductance}"


def _measure(smu: SourceMeter, given: MeasureCurrent) -> str:
    _within(smu, given.voltage, given.compliance)
    found = smu.measure_current(given.voltage, compliance=given.compliance, nplc=given.nplc)
    voltage, current = float(found.voltages[0]), float(found.currents[0])
    words = f"{format_quantity(current, 'A', 5)} at {format_quantity(voltage, 'V', 5)}"
    if current:
        words += f", {format_quantity(voltage / current, 'ohm', 4)}"
    return words + (" (in compliance)" if bool(found.in_compliance[0]) else "")


def _give_pulse(source: PulseSource, given: GivePulse) -> str:
    _within(source, max(abs(given.pulse.height), abs(given.pulse.base)), 0.0)
    source.send_pulses(given.pulse)
    height, width = format_quantity(given.pulse.height, "V"), format_quantity(given.pulse.width, "s")
    return f"one pulse of {height} and {width} was given"


def _within(instrument: Any, voltage: float, current: float) -> None:
    """Refuse what the station's sample does not stand."""
    check_limits(Plan(0.0, 1, abs(voltage), current, 0.0, 1), instrument.limits)


ACTIONS = (
    Action("Read cell", ReadCell, CellArray, _read_cell),
    Action("Pulse cell", PulseCell, CellArray, _pulse_cell),
    Action("Measure current", MeasureCurrent, SourceMeter, _measure),
    Action("Give pulse", GivePulse, PulseSource, _give_pulse),
)


def actions_of(instrument: Instrument) -> list[Action]:
    """Return what can be done with an instrument; it may be unopened."""
    return [action for action in ACTIONS if isinstance(instrument, action.capability)]
