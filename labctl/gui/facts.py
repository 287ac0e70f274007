"""What the window shows of an instrument, gathered away from the GUI thread."""

import dataclasses
import datetime as dt
import enum
import traceback

from labctl.instrument import Instrument
from labctl.settings import Value
from labctl.stations.station import Station
from labctl.units import UNITS, format_quantity


class Outputs(enum.StrEnum):
    """What is known about an instrument's outputs, in the words that the operator reads."""

    UNCONNECTED = "not connected"
    SAFE = "safe"
    IN_USE = "in use by the run: outputs may be on"
    BY_HAND = "worked by hand: outputs may be on; read the station again before a run"
    UNKNOWN = "not known: check the instrument"


@dataclasses.dataclass(frozen=True)
class SettingFacts:
    """A setting as it was last read: name, value with unit, and what it is."""

    name: str
    value: str
    doc: str


@dataclasses.dataclass(frozen=True)
class InstrumentFacts:
    """An instrument as it was last looked at.

    Attributes:
        role: Its name in the station.
        driver: Short name of its driver.
        link: VISA resource name.
        simulated: Whether it is the simulated twin.
        idle: Idle policy.
        connected: Whether it is open.
        identity: Who answered, empty before that.
        outputs: What is known about its outputs.
        readback: What was read back when it was made safe, in words.
        error: The last thing that went wrong, empty if nothing.
        settings: What could be read without acting on a device.
    """

    role: str
    driver: str
    link: str
    simulated: bool
    idle: str
    connected: bool = False
    identity: str = ""
    outputs: Outputs = Outputs.UNCONNECTED
    readback: str = ""
    error: str = ""
    settings: tuple[SettingFacts, ...] = ()


def facts_of(station: Station, role: str, *, error: str = "") -> InstrumentFacts:
    """Return what is known without asking the instrument."""
    instrument = station.instruments[role]
    identity = instrument.identity
    return InstrumentFacts(
        role=role,
        driver=station.file.instruments[role].driver,
        link=instrument.link.name,
        simulated=station.options.simulate,
        idle=str(instrument.idle),
        connected=instrument.is_open,
        identity=""
        if identity is None
        else _one_line(identity.vendor, identity.model, identity.serial, identity.firmware),
        outputs=Outputs.UNKNOWN if instrument.is_open else Outputs.UNCONNECTED,
        error=error,
    )


def connected_facts(station: Station, role: str) -> InstrumentFacts:
    """Connect if need be, make safe, read back and take a snapshot; what fails is in ``error``."""
    instrument = station.instruments[role]
    try:
        if not instrument.is_open:
            if station.lab is not None:
                instrument.link.name = station.lab.resource_name(role)  # a pseudo-terminal has another name each time
            instrument.open()
        return safe_facts(station, role)
    except Exception as error:
        return facts_of(station, role, error=describe(error))


def safe_facts(station: Station, role: str) -> InstrumentFacts:
    """Make an open instrument safe, read back and take a snapshot; what fails is in ``error``."""
    instrument = station.instruments[role]
    if not instrument.is_open:
        return facts_of(station, role)
    try:
        instrument.link.forget_cancel()
        state = instrument.make_safe()
    except Exception as error:
        return facts_of(station, role, error=f"could not be made safe, check its outputs by hand: {describe(error)}")
    shown = ", ".join(_named(name, value) for name, value in state.items())
    safe = dataclasses.replace(
        facts_of(station, role),
        outputs=Outputs.SAFE,
        readback=f"{dt.datetime.now():%H:%M:%S}" + (f": {shown}" if shown else ""),
    )
    try:
        return dataclasses.replace(safe, settings=_settings(instrument))
    except Exception as error:
        return dataclasses.replace(safe, error=f"its settings could not be read: {describe(error)}")


def reached_facts(station: Station, role: str) -> InstrumentFacts:
    """Make safe as `safe_facts`; where the line is dead, over a new one, as after a plug was pulled and put back."""
    found = safe_facts(station, role)
    if not found.error or found.outputs is Outputs.SAFE:
        return found
    instrument = station.instruments[role]
    instrument.identity = None
    try:
        instrument.link.close()
    except Exception as error:
        return dataclasses.replace(found, error=f"{found.error}; its line could not be closed: {describe(error)}")
    again = connected_facts(station, role)
    return again if again.connected else dataclasses.replace(found, connected=False)


def closed_facts(station: Station, role: str) -> InstrumentFacts:
    """Make safe and disconnect; what fails is in ``error``."""
    try:
        station.instruments[role].close()
    except Exception as error:
        return facts_of(station, role, error=f"could not be made safe, check its outputs by hand: {describe(error)}")
    return facts_of(station, role)


def describe(error: BaseException) -> str:
    """Return an error in words: its message, or its kind where it has none."""
    return str(error) or type(error).__name__


def trace_of(error: BaseException) -> str:
    """Return where an error came from, for whoever unfolds the details."""
    return "".join(traceback.format_exception(error))


def _settings(instrument: Instrument) -> tuple[SettingFacts, ...]:
    bound = instrument.settings()
    return tuple(
        SettingFacts(name, with_unit(value, bound[name].setting.unit), bound[name].setting.doc)
        for name, value in instrument.snapshot().items()
    )


def with_unit(value: Value, unit: str) -> str:
    """Return a setting's value in words."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _plain(value)
    return f"{value:,}" if isinstance(value, int) and not unit else format_quantity(value, unit)


def _named(name: str, value: Value) -> str:
    """Return a read-back in words; a name such as ``word_line_V`` carries its unit."""
    stem, _, unit = name.rpartition("_")
    if stem and unit in UNITS and unit and not isinstance(value, (bool, str)):
        return f"{stem.replace('_', ' ')} {format_quantity(float(value), unit, 3)}"
    return f"{name.replace('_', ' ')} {_plain(value)}"


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_quantity(value, "") if isinstance(value, float) else str(value)


def _one_line(vendor: str, model: str, serial: str, firmware: str) -> str:
    parts = (
        f"{vendor} {model}".strip(),
        f"serial {serial}" if serial else "",
        f"firmware {firmware}" if firmware else "",
    )
    return ", ".join(filter(None, parts))
