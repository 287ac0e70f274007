"""The station file: ``station.toml`` as checked data."""

import difflib
import importlib.resources
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from labctl.errors import ConfigError
from labctl.instrument import IdlePolicy, SampleLimits
from labctl.protocol import Amps, In, Ohms, Seconds, Siemens, Volts, checked
from labctl.simulation.faults import Faults

Transport = Literal["in-process", "serial"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SampleTable(_Table):
    """``[sample]``: what is measured, and what it stands."""

    name: str = Field(default="", description="goes into each run file")
    voltage: Volts | None = Field(default=None, gt=0.0, description="highest voltage on any terminal")
    device_voltage: Volts | None = Field(default=None, gt=0.0, description="highest voltage across a device")
    current: Amps | None = Field(default=None, gt=0.0, description="highest current through a device")
    conductance_min: Siemens | None = Field(default=None, ge=0.0, description="lowest conductance to write")
    conductance_max: Siemens | None = Field(default=None, gt=0.0, description="highest conductance to write")

    def limits(self) -> SampleLimits:
        """Return the limits as drivers and plans check them."""
        window = None
        if self.conductance_min is not None or self.conductance_max is not None:
            window = (
                self.conductance_min or 0.0,
                float("inf") if self.conductance_max is None else self.conductance_max,
            )
        return SampleLimits(self.voltage, self.device_voltage, self.current, window)


class InstrumentTable(_Table):
    """``[instruments.<role>]``: one instrument."""

    driver: str = Field(description="short name of its driver")
    link: str = Field(description="VISA resource name, such as ASRL/dev/ttyUSB0::INSTR")
    idle: IdlePolicy = Field(default=IdlePolicy.GROUND, description="what its outputs do when nothing runs")
    timeout: Seconds = Field(default=2.0, gt=0.0, le=3600.0, description="longest wait for an answer")
    baud_rate: int | None = Field(default=None, ge=300, le=4_000_000, description="of a serial line")
    options: dict[str, Any] = Field(default_factory=dict, description="the driver's own keys")


class SimulatedTable(_Table):
    """``[simulation.instruments.<role>]``: the instrument's simulated twin."""

    options: dict[str, Any] = Field(default_factory=dict, description="the twin's own keys")
    faults: Faults = Field(default_factory=Faults, description="what goes wrong on its line")


class NetTable(_Table):
    """``[simulation.bench.<net>]``: a node that terminals of simulated instruments share, and the device on it."""

    terminals: tuple[str, ...] = Field(min_length=1, description="what is on the node, each as role.terminal")
    probes: tuple[str, ...] = Field(default=(), description="what watches the device behind the series resistor")
    returns: tuple[str, ...] = Field(
        default=(), description="what holds the device's other end at 0 V and measures its current"
    )
    device: str = Field(
        default="open",
        description="open, resistor, capacitor, diffusive, pcm, rram, rram-1t1r, rram-kinetics or synapse-array",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="the device's own numbers, in SI units")
    series: Ohms = Field(default=0.0, ge=0.0, description="resistor between node and device")
    capacitance: Annotated[float, In("F"), Field(allow_inf_nan=False)] = Field(
        default=0.0, ge=0.0, description="parallel to the device"
    )


class SimulationTable(_Table):
    """``[simulation]``: how the simulated twins of the instruments are set up."""

    seed: int = Field(default=0, ge=0, description="of the simulated lab's random numbers")
    transport: Transport = Field(default="in-process", description="how the twins are reached")
    instruments: dict[str, SimulatedTable] = Field(default_factory=dict)
    bench: dict[str, NetTable] = Field(default_factory=dict, description="the wiring, by name of the net")


class StationFile(_Table):
    """A whole station file."""

    name: str
    description: str = ""
    visa_library: str = Field(default="@py", description="PyVISA's name of the VISA library for real instruments")
    sample: SampleTable = Field(default_factory=SampleTable)
    instruments: dict[str, InstrumentTable] = Field(min_length=1)
    simulation: SimulationTable = Field(default_factory=SimulationTable)


def shipped_stations() -> dict[str, Path]:
    """Return the station files that ship with labctl, by name."""
    folder = importlib.resources.files("labctl.stations") / "shipped"
    return {Path(str(f)).stem: Path(str(f)) for f in sorted(folder.iterdir(), key=str) if f.name.endswith(".toml")}


def read_station(name: str | Path) -> tuple[StationFile, str]:
    """Read a station by name of a shipped one, or by file.

    Returns:
        The station, and the text of its file.

    Raises:
        ConfigError: Not there, no TOML, or a wrong key or value; names file, key and what would be right.
    """
    path = Path(name)
    shipped = shipped_stations()
    if str(name) in shipped:
        path = shipped[str(name)]
    elif not path.is_file():
        near = difflib.get_close_matches(str(name), shipped, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"shipped stations are {', '.join(shipped)}"
        raise ConfigError(f"there is no station file {str(name)!r}; {hint}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return parse_station(text, str(path)), text


def parse_station(text: str, where: str) -> StationFile:
    """Check the text of a station file; ``where`` names it in errors.

    Raises:
        ConfigError: As `read_station`.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: this is no TOML: {error}") from error
    station = checked(StationFile, values, f"{where}: ")
    unknown = station.simulation.instruments.keys() - station.instruments.keys()
    if unknown:
        raise ConfigError(
            f"{where}: simulation.instruments.{min(unknown)} has no instrument of that role; "
            f"there are {', '.join(station.instruments)}"
        )
    for net, table in station.simulation.bench.items():
        for terminal in (*table.terminals, *table.probes, *table.returns):
            if terminal.partition(".")[0] not in station.instruments:
                raise ConfigError(
                    f"{where}: simulation.bench.{net}: {terminal!r} is to be role.terminal, and the roles are "
                    f"{', '.join(station.instruments)}"
                )
    return station
