"""Driver of the Keithley 2600B series of source meters (TSP).

Written from the manual; checked against scripted dialogues and simulation alone, no real instrument has spoken to it.
Source: Series 2600B Reference Manual 2600BS-901-01; Series 2600B data sheet.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from drivers.keithley_tsp import scripts
from drivers.keithley_tsp.blocks import BlockFormat, to_readings
from drivers.keithley_tsp.channel import FUNCTIONS, OFF_MODES, ON, SETTINGS, channel_setting
from drivers.keithley_tsp.limits import Bounds, Kind
from drivers.keithley_tsp.models import MODELS, Model
from drivers.keithley_tsp.scripts import call
from drivers.keithley_tsp.session import Session
from labctl.capabilities import Floats, SmuReadings
from labctl.errors import ConfigError, InstrumentError, LabctlError, LinkTimeoutError, StateError
from labctl.instrument import Identity, IdlePolicy, Instrument
from labctl.links import Link
from labctl.settings import BoundSetting, Setting, Value
from labctl.units import parse_quantity


class Keithley2600(Instrument):
    """A 2600B: one or two channels, each forcing a voltage and measuring the current, or the reverse.

    Idle policy, for each channel: ``ground`` is output off in the NORMAL off mode, in which the instrument itself
    forces 0 V through its off limit (1 mA); ``float`` is output off in the HIGH-Z mode, which opens a relay of limited
    life after each measurement. A measurement starts at 0, runs on the instrument, goes back to 0 and to the idle
    policy, and only then sends its readings. Its source range is the smallest that holds all of its levels and stays
    set, so that no range changes under the device. A fixed measuring range below the compliance becomes the
    compliance (range compliance).

    Options of the station file: ``channel`` ("smua" or "smub"), which the capability and the plain setting names mean;
    ``ramp_rate`` (V/s), at which an output goes to 0 from its actual level (a step where it is not given);
    ``data_format`` ("real64" or "real32").
    """

    vendor = "Keithley"
    models = tuple(MODELS)
    idle_policies = frozenset({IdlePolicy.GROUND, IdlePolicy.FLOAT})
    options: ClassVar[Mapping[str, type]] = {"channel": str, "data_format": str, "ramp_rate": float}
    channel: str = "smua"
    data_format: Literal["real32", "real64"] = "real64"
    ramp_rate: float | None = None

    source = channel_setting("source")
    voltage = channel_setting("voltage")
    current = channel_setting("current")
    current_limit = channel_setting("current_limit")
    voltage_limit = channel_setting("voltage_limit")
    voltage_range = channel_setting("voltage_range")
    voltage_autorange = channel_setting("voltage_autorange")
    current_range = channel_setting("current_range")
    current_autorange = channel_setting("current_autorange")
    measured_voltage_range = channel_setting("measured_voltage_range")
    measured_voltage_autorange = channel_setting("measured_voltage_autorange")
    measured_current_range = channel_setting("measured_current_range")
    measured_current_autorange = channel_setting("measured_current_autorange")
    lowest_current_range = channel_setting("lowest_current_range")
    nplc = channel_setting("nplc")
    source_delay = channel_setting("source_delay")
    measure_delay = channel_setting("measure_delay")
    autozero = channel_setting("autozero")
    four_wire = channel_setting("four_wire")
    filter = channel_setting("filter")
    filter_type = channel_setting("filter_type")
    filter_count = channel_setting("filter_count")
    off_mode = channel_setting("off_mode")
    output = channel_setting("output")
    in_compliance = channel_setting("in_compliance")
    voltage_reading = channel_setting("voltage_reading")
    current_reading = channel_setting("current_reading")
    line_frequency = Setting(
        "Hz",
        "frequency of the mains that it runs on",
        read=lambda smu: smu.session.ask_numbers("localnode.linefreq")[0],
    )

    def __init__(self, link: Link, **keywords: Any) -> None:
        super().__init__(link, **keywords)
        self.session = Session(link, self.role, BlockFormat(self.data_format))

    # -- connection and safety --------------------------------------------------------------------------------------

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take ``channel``, ``ramp_rate`` (a number in V/s, or text with its unit) and ``data_format``."""
        own = dict(options)
        if "ramp_rate" in own:
            own["ramp_rate"] = parse_quantity(own["ramp_rate"], "V/s")
            if not 0.0 < own["ramp_rate"] < float("inf"):
                raise ConfigError(f"{self.role}: ramp_rate = {options['ramp_rate']!r} is to be above 0 V/s")
        super().check_options(own)
        for name, possible in (("channel", ("smua", "smub")), ("data_format", ("real32", "real64"))):
            if getattr(self, name) not in possible:
                raise ConfigError(f"{self.role}: {name} = {getattr(self, name)!r} is none of {', '.join(possible)}")

    @property
    def model(self) -> Model:
        """What its model can force; the first of `models` until it is opened."""
        return MODELS[self.identity.model if self.identity else self.models[0]]

    @property
    def bounds(self) -> Bounds:
        """What model and sample take together."""
        return Bounds(self.role, self.model, self.limits)

    def identify(self) -> Identity:
        """Check the model, stop what an earlier program left running, and load the script; touches no output."""
        try:
            answer = self.link.query("*IDN?")
        except LinkTimeoutError:
            self.session.abort()
            answer = self.link.query("*IDN?")
        fields = [field.strip() for field in answer.split(",")]
        model = fields[1].split()[-1] if len(fields) == 4 and fields[1] else ""
        if self.vendor not in fields[0] or model not in MODELS:
            text = f"{answer!r} is none of the models {', '.join(self.models)}"
            raise InstrumentError(self.role, "*IDN?", 0, text)
        if self.channel not in MODELS[model].channels:
            raise ConfigError(f"{self.role}: a {model} has no channel {self.channel!r}")
        for line in ("localnode.prompts = 0", "localnode.showerrors = 0"):
            self.link.write(line)
        self.session.abort()
        byte_order = self.session.form.byte_order_code
        self.session.run(f"format.data = 1 format.asciiprecision = 16 format.byteorder = {byte_order}")
        self.session.load(scripts.NAME, scripts.SCRIPT)
        return Identity(fields[0], model, fields[2], fields[3])

    def make_safe(self) -> dict[str, Value]:
        """Abort what runs, bring every channel to 0 (by `ramp_rate`) and to its idle policy, and read it back."""
        with self.link.lock:
            self.link.forget_cancel()
            self.session.abort()
            failures = [failure for channel in self.model.channels for failure in self._switch_off(channel)]
            states: dict[str, Value] = {}
            for channel in self.model.channels:
                states |= self._verified(channel)
        if failures:
            raise failures[0]
        return states

    def settings(self) -> dict[str, BoundSetting]:
        """Return every setting: the chosen channel's under plain names, the other's as ``smub_voltage``.

        Before the instrument is opened the other channel is listed, though the model may not have it.
        """
        found = super().settings()
        channels = self.model.channels if self.is_open else ("smua", "smub")
        names = [name for name in found if name in SETTINGS]
        others = (channel_setting(name, c) for c in channels if c != self.channel for name in names)
        return found | {setting.name: BoundSetting(setting, self) for setting in others}

    def restore(self, snapshot: Mapping[str, Value]) -> list[str]:
        """Set again what differs from ``snapshot``, except that no output is switched on."""
        return super().restore({k: v for k, v in snapshot.items() if not (k.endswith("output") and v)})

    # -- measuring --------------------------------------------------------------------------------------------------

    def measure_current(self, voltage: float, *, compliance: float, nplc: float = 1.0) -> SmuReadings:
        """Force ``voltage`` (V), take one reading, and go back to the idle policy.

        Args:
            voltage: In V.
            compliance: Highest current, in A.
            nplc: Integration time, in cycles of the mains.

        Raises:
            LimitError: Beyond model or sample; nothing was sent.
            InstrumentError: Refused by the instrument; every output is at its idle policy.
        """
        return self.measure_repeatedly(voltage, 1, compliance=compliance, nplc=nplc)

    def measure_repeatedly(
        self, voltage: float, count: int, *, compliance: float, interval: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force ``voltage`` (V) and take ``count`` readings ``interval`` (s) apart; raises as `measure_current`."""
        return self._repeat("v", voltage, count, interval, compliance, nplc)

    def sweep_voltage(
        self, voltages: Floats, *, compliance: float, delay: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force each of ``voltages`` (n,) V, wait ``delay`` (s), take a reading; raises as `measure_current`."""
        return self._sweep("v", voltages, delay, compliance, nplc)

    def measure_voltage(
        self, current: float, count: int = 1, *, compliance: float, interval: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force ``current`` (A), at most ``compliance`` (V); otherwise as `measure_repeatedly`."""
        return self._repeat("i", current, count, interval, compliance, nplc)

    def sweep_current(
        self, currents: Floats, *, compliance: float, delay: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force each of ``currents`` (n,) A, at most ``compliance`` (V); otherwise as `sweep_voltage`."""
        return self._sweep("i", currents, delay, compliance, nplc)

    # -- inside -----------------------------------------------------------------------------------------------------

    def ask_attribute(self, path: str, channel: str = "") -> str:
        """Return an attribute of a channel as the instrument prints it; for the setting objects."""
        return self.session.ask(f"{channel or self.channel}.{path}")[0]

    def write_attribute(self, path: str, value: float, channel: str = "") -> None:
        """Set an attribute of a channel and read the error queue; for the setting objects."""
        self.session.run(f"{channel or self.channel}.{path} = {scripts.number(value)}")

    def write_source(self, function: int, channel: str = "") -> None:
        """Set what is forced, while the output is off: the other limit has not been checked against the sample."""
        channel = channel or self.channel
        if self.session.ask_numbers(f"{channel}.source.output")[0] == ON:
            raise StateError(f"{self.role}: {channel} is on; switch it off before it forces something else")
        self.write_attribute("source.func", function, channel)

    def write_output(self, on: bool, channel: str = "") -> None:
        """Switch an output on, if level and compliance are within the sample's limits, or to its idle policy and 0."""
        channel = channel or self.channel
        if not on:
            self.session.run(self._rest(channel))
            return
        names = ("func", "levelv", "limiti", "leveli", "limitv")
        function, *values = self.session.ask_numbers(*(f"{channel}.source.{name}" for name in names))
        voltage, current = values[:2] if function == FUNCTIONS["voltage"] else (values[3], values[2])
        self.bounds.switched_on(channel, voltage, current)
        self.session.run(f"{channel}.source.output = {ON}")

    def _repeat(
        self, kind: Kind, level: float, count: int, interval: float, compliance: float, nplc: float
    ) -> SmuReadings:
        prepare = self._prepare(kind, np.array([level], dtype=np.float64), compliance, nplc)
        readings = self.bounds.timed(count, "interval", interval)
        settling = self.model.settling
        return self._block(prepare, call("repeated", self.channel, f'"{kind}"', level, readings, interval, settling))

    def _sweep(self, kind: Kind, levels: Floats, delay: float, compliance: float, nplc: float) -> SmuReadings:
        levels = np.asarray(levels, dtype=np.float64)
        if levels.ndim != 1 or not levels.size:
            raise ConfigError(f"{self.role}: a sweep needs a list of levels, not an array of shape {levels.shape}")
        prepare = self._prepare(kind, levels, compliance, nplc)
        readings = self.bounds.timed(levels.size, "delay", delay)
        run = call("sweep", self.channel, f'"{kind}"', readings, delay, self.model.settling)
        return self._block(prepare, run, "labctl.levels = {}", *scripts.level_lines(levels))

    def _prepare(self, kind: Kind, levels: Floats, compliance: float, nplc: float) -> str:
        """Return the call that makes the channel ready, everything in it within the limits."""
        highest = self.bounds.forced(kind, levels, compliance, nplc)
        return call("prepare", self.channel, f'"{kind}"', compliance, nplc, highest, self.ramp_rate or 0)

    def _block(self, prepare: str, run: str, *before: str) -> SmuReadings:
        """Run one measurement on the instrument and return its readings; if it fails, every output is made safe."""
        report = call("report", self.channel, self.session.form.data_code)
        try:
            rows = self.session.run(*before, f"{prepare} {run} {self._rest(self.channel)} {report}")
        except LabctlError:
            self.make_safe()
            raise
        return to_readings(rows)

    def _rest(self, channel: str) -> str:
        return call("rest", channel, self._off_mode, self.ramp_rate or 0)

    @property
    def _off_mode(self) -> int:
        return OFF_MODES["high-z" if self.idle is IdlePolicy.FLOAT else "normal"]

    def _switch_off(self, channel: str) -> list[InstrumentError]:
        """Bring a channel to rest without the loaded script, which a power cycle may have taken; return what failed."""
        commands = [
            f"{channel}.measure.count = 1 {channel}.source.levelv = 0 {channel}.source.leveli = 0 "
            f"{channel}.source.offmode = {self._off_mode} {channel}.source.offfunc = 1 {channel}.source.output = 0"
        ]
        if self.ramp_rate is not None:
            commands.insert(0, call("ramp", channel, self.ramp_rate))
        failures = []
        for command in commands:
            try:
                self.session.run(command)
            except InstrumentError as failure:
                failures.append(failure)
        return failures

    def _verified(self, channel: str) -> dict[str, Value]:
        names = ("output", "offmode", "levelv", "leveli")
        found = self.session.ask_numbers(*(f"{channel}.source.{name}" for name in names))
        output, mode, volts, amps = found
        if output == ON or mode != self._off_mode or volts or amps:
            state = ", ".join(f"{name} {value:g}" for name, value in zip(names, found, strict=True))
            text = f"{channel} is not at its idle policy {self.idle.value!r}: {state}; check its output by hand"
            raise InstrumentError(self.role, "make_safe", int(output), text)
        return {
            f"{channel}_output": False,
            f"{channel}_off_mode": int(mode),
            f"{channel}_V": volts,
            f"{channel}_A": amps,
        }
