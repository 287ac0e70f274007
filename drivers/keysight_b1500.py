"""Driver of the Keysight B1500A semiconductor device analyzer: one of its SMUs, and one for a bias, over FLEX commands.

Checked against a scripted line and simulation alone; no real B1500A has been driven with it yet.
Source: B1500A/B1505A Programming Guide, ed. 11. The sampling command MT is taken from public drivers: unconfirmed.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from drivers.b1500_flex import integration
from drivers.b1500_flex.bias import LEAST_COMPLIANCE, Bias
from drivers.b1500_flex.data import Datum, joined, parse, readings, value_of
from drivers.b1500_flex.integration import Converter
from drivers.b1500_flex.measurements import Measurements
from drivers.b1500_flex.modules import CURRENT_RANGES, SLOTS, SMUS, VOLTAGE_RANGES, Smu, parse_units, smu_in
from drivers.b1500_flex.session import Flex, command, short
from drivers.b1500_flex.sweeps import staircases
from labctl.capabilities import Floats, SmuReadings
from labctl.errors import ConfigError, InstrumentError, LimitError, StateError
from labctl.instrument import Identity, IdlePolicy, Instrument
from labctl.links import Link
from labctl.settings import Setting, Value
from labctl.units import Unit

SAFE_VOLTAGE = 0.05
"""An output below this, in V, counts as grounded (assumed)."""
INTERLOCK_BIT = 8
"""Of the status byte: the interlock is open."""
LONGEST_DELAY = 65.535
"""Of WT, in s."""
DELAY_STEP = 1e-4
INTERVALS = (2e-3, 65.535)
"""Shortest and longest sampling interval, in s, without the faster modes (unconfirmed)."""
MOST_SAMPLES = 100_001
"""Of MT (unconfirmed)."""
CALIBRATION_TIME = 120.0
"""Longest wait for a self-calibration, in s (assumed; said to take about 30)."""
Batch = tuple[tuple[str, ...], float]
"""Commands, the last of which gives a line of data, and the longest wait for it in s."""


def _kept(unit: Unit, doc: str, attribute: str, **keywords: Any) -> Setting:
    """Return a setting that the driver keeps and sends with the next measurement."""
    return Setting(
        unit, doc, read=lambda smu: getattr(smu, attribute),
        write=lambda smu, value: setattr(smu, attribute, value), **keywords,
    )  # fmt: skip


class KeysightB1500(Instrument):
    """One SMU of a B1500A as a source meter, and a second for a bias. Its others are only ever brought to safety.

    A current that is over range reads as infinity, one that the mainframe calls oscillating or unsettled as nan.
    Voltages of readings are those that were forced; in compliance the device has less.
    """

    vendor = "Keysight"
    models = ("B1500A",)
    idle_policies = frozenset({IdlePolicy.GROUND, IdlePolicy.FLOAT})
    options: ClassVar[Mapping[str, type]] = {"smu": int, "bias_smu": int, "line_frequency": float}
    smu: int = 1
    bias_smu: int = 0
    line_frequency: float = 50.0

    _compliance = 1e-4
    _converter = Converter.HIGH_SPEED.value
    _voltage_range = 0.0
    _current_range = 0.0

    compliance = _kept("A", "current limit for the voltage that is set here", "_compliance",
                       limits=lambda smu: smu.compliance_limits)  # fmt: skip
    voltage = Setting(
        "V", "force a voltage", limits=lambda smu: (-smu.highest_voltage, smu.highest_voltage),
        read=lambda smu: smu.spot("TV"), write=lambda smu, value: smu.force_voltage(value), disturbs=True,
    )  # fmt: skip
    current = Setting("A", "measured current", read=lambda smu: smu.spot("TI"), disturbs=True)
    output = Setting(
        "", "whether the output switch is on", kind="bool", read=lambda smu: smu.smu in smu.switched_on(),
        write=lambda smu, value: smu.switch(value),
    )  # fmt: skip
    converter = _kept("", "which converter measures", "_converter", choices=Converter, kind="str")
    voltage_range = _kept("V", "fixed range; 0 for auto", "_voltage_range", choices=(0.0, *VOLTAGE_RANGES))
    current_range = _kept("A", "fixed range; 0 for auto", "_current_range", choices=(0.0, *CURRENT_RANGES))
    output_filter = Setting(
        "", "output filter", kind="bool", write=lambda smu, value: smu.send(command("FL", value, smu.smu))
    )
    interlock_open = Setting(
        "", "whether the interlock is open", kind="bool", read=lambda smu: bool(smu.status_byte() & INTERLOCK_BIT)
    )

    def __init__(self, link: Link, **keywords: Any) -> None:
        super().__init__(link, **keywords)
        self._flex = Flex(link, self.role)
        self._units: dict[int, str] = {}
        self._module = self._bias_module = Smu("", 0.0, 0.0, 0.0)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take ``smu`` and ``bias_smu`` (slot number, or slot x 100 + 1; 0: no bias), and ``line_frequency`` (Hz)."""
        super().check_options(options)
        for name in ("smu", "bias_smu"):
            slot = short(getattr(self, name))
            if not 1 <= slot <= SLOTS and (name == "smu" or slot):
                raise ConfigError(f"{self.role}: {name} = {slot} is no slot of 1 to {SLOTS}")
            setattr(self, name, slot)
        if self.smu == self.bias_smu:
            raise ConfigError(f"{self.role}: smu and bias_smu are both {self.smu}")
        if self.line_frequency not in {50.0, 60.0}:
            raise ConfigError(f"{self.role}: line_frequency is 50.0 or 60.0 (Hz), not {self.line_frequency}")

    # -- connection and safety --------------------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Check model and SMU, drop errors that were waiting, and choose the data format."""
        answer = self._flex.query("*IDN?")
        fields = [field.strip() for field in answer.split(",")]
        if len(fields) != 4 or fields[1] not in self.models:
            raise InstrumentError(self.role, "*IDN?", 0, f"{answer!r} is no {self.models[0]}")
        self._flex.errors()
        self._units = parse_units(self._flex.query("UNT? 0"))
        self._module = smu_in(self._units, self.smu, self.role)
        if self.bias_smu:
            self._bias_module = smu_in(self._units, self.bias_smu, self.role)
        self._flex.send("FMT 1,1", "TSC 1")
        return Identity(*fields)

    def make_safe(self) -> dict[str, Value]:
        """End what runs, bring every SMU to 0 V, or off where they are to float, and read it back."""
        with self.link.lock:
            self._flex.abort()
            if self.idle is IdlePolicy.GROUND:
                self._flex.send(command("CN", self.smu), "DZ")
            elif self.switched_on():
                self._flex.send("DZ", "CL")
            on = self.switched_on()
            if (self.smu in on) != (self.idle is IdlePolicy.GROUND) or (on and self.idle is IdlePolicy.FLOAT):
                raise InstrumentError(self.role, "*LRN? 0", 0, f"channels {sorted(on)} are on after making safe")
            levels = {slot: self.spot("TV", slot) for slot in sorted(on) if self._units.get(slot) in SMUS}
        if wrong := {slot: level for slot, level in levels.items() if not abs(level) < SAFE_VOLTAGE}:
            raise InstrumentError(self.role, "DZ", 0, f"not at ground after it: {wrong} V")
        return {**{f"smu_{slot}_V": level for slot, level in levels.items()}, "output": bool(on)}

    # -- limits -----------------------------------------------------------------------------------------------------

    @property
    def highest_voltage(self) -> float:
        """What the SMU can force and the sample stands, in V."""
        bounds = (self._module.voltage, self.limits.voltage, self.limits.device_voltage)
        return min(bound for bound in bounds if bound is not None)

    @property
    def compliance_limits(self) -> tuple[float, float]:
        """Lowest and highest current limit, in A."""
        sample = self.limits.current
        return LEAST_COMPLIANCE * self._module.smallest, min(self._module.current, np.inf if sample is None else sample)

    # -- single steps -----------------------------------------------------------------------------------------------

    def send(self, *commands: str) -> None:
        """Send FLEX commands and raise `InstrumentError` where one is refused."""
        self._flex.send(*commands)

    def switched_on(self) -> set[int]:
        """Return the channels whose output switch is on."""
        return self._flex.switched_on()

    def switch(self, on: bool) -> None:
        """Switch the output on, or to 0 V and off."""
        if on:
            self.send(command("CN", self.smu))
        elif self.smu in self.switched_on():
            self.send(command("DZ", self.smu), command("CL", self.smu))

    def force_voltage(self, voltage: float) -> None:
        """Force ``voltage`` (V) within the set compliance until something else is asked for."""
        self.send(command("CN", self.smu), self._measurements.force("V", voltage, self._compliance))

    def spot(self, name: str, channel: int | None = None) -> float:
        """Return one high-speed reading: ``TI`` (A) or ``TV`` (V) of a channel, ours unless told."""
        number = channel or self.smu
        line = self._flex.measure(command(name, number), timeout=self._patience(1, 0.0, 1.0))
        found = [datum for datum in parse(line) if datum.kind == name[-1] and datum.channel == number]
        if len(found) != 1:
            raise InstrumentError(self.role, name, 0, f"{line!r} has no reading of channel {number}")
        return value_of(found[0])

    def status_byte(self) -> int:
        """Return the status byte."""
        return int(self._flex.query("*STB?"))

    def calibrate(self) -> None:
        """Calibrate all modules; raise `InstrumentError` where one fails (a bit a slot, 1024 the mainframe)."""
        failed = int(self._flex.query("*CAL?", timeout=CALIBRATION_TIME))
        if failed:
            raise InstrumentError(self.role, "*CAL?", failed, "self-calibration failed")

    # -- measurements -----------------------------------------------------------------------------------------------

    def measure_current(self, voltage: float, *, compliance: float, nplc: float = 1.0) -> SmuReadings:
        """Force ``voltage`` (V), take one reading, and go back to the idle policy.

        Raises:
            LimitError: Beyond what the SMU can or the sample stands; nothing was sent.
        """
        return self._spot("V", voltage, compliance, nplc)

    def measure_voltage(self, current: float, *, compliance: float, nplc: float = 1.0) -> SmuReadings:
        """Force ``current`` (A) within ``compliance`` (V), take one reading, and go back to the idle policy."""
        return self._spot("I", current, compliance, nplc)

    def measure_repeatedly(
        self, voltage: float, count: int, *, compliance: float, interval: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force ``voltage`` (V) and take ``count`` readings ``interval`` (s) apart, timed by the instrument.

        An interval of 0 is the shortest that it can: 2 ms, or the integration if that is longer.

        Raises:
            LimitError: Beyond what the SMU can or the sample stands; nothing was sent.
        """
        self._check("V", np.array([voltage]), compliance)
        least = max(INTERVALS[0], np.ceil(nplc / self.line_frequency * 1e3) / 1e3)
        every = interval or least
        if not least <= every <= INTERVALS[1] or not 1 <= count <= MOST_SAMPLES or count != int(count):
            raise LimitError(
                f"{self.role}: {count} readings every {every} s, but it takes 1 to {MOST_SAMPLES}, "
                f"every {least} s to {INTERVALS[1]} s"
            )
        commands = self._measurements.sampling(voltage, compliance, every, count)
        (data,) = self._acquire(nplc, [(commands, self._patience(count, every, nplc))])
        return joined([readings(data, self.smu, np.full(count, voltage))])

    def sweep_voltage(
        self, voltages: Floats, *, compliance: float, delay: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force each of ``voltages`` (n,) V in turn, wait ``delay`` (s), and take a reading at each.

        Evenly spaced stretches are staircases of the instrument; between two of them the voltage stays.

        Raises:
            LimitError: Beyond what the SMU can or the sample stands; nothing was sent.
        """
        return self._sweep("V", voltages, compliance, delay, nplc)

    def sweep_current(
        self, currents: Floats, *, compliance: float, delay: float = 0.0, nplc: float = 1.0
    ) -> SmuReadings:
        """Force each of ``currents`` (n,) A in turn within ``compliance`` (V); otherwise as `sweep_voltage`."""
        return self._sweep("I", currents, compliance, delay, nplc)

    # -- bias -------------------------------------------------------------------------------------------------------

    @property
    def has_bias(self) -> bool:
        """Whether the station file names a ``bias_smu``."""
        return bool(self.bias_smu)

    def hold_bias(self, voltage: float, *, compliance: float) -> None:
        """Hold ``voltage`` (V) within ``compliance`` (A) on the SMU ``bias_smu``.

        Raises:
            ConfigError: There is no such SMU.
            LimitError: Beyond what the SMU can or the sample stands; nothing was sent.
        """
        if self.bias_smu and not self.is_open:
            raise StateError(f"{self.role} is closed: what its SMU can is not known yet")
        bias = Bias(self.role, self.bias_smu, self._bias_module, self.limits.voltage)
        self.send(*bias.hold(voltage, compliance))

    def release_bias(self) -> None:
        """Bring the bias to 0 V, and off where the idle policy is to float."""
        if self.bias_smu in self.switched_on():
            off = (command("CL", self.bias_smu),) if self.idle is IdlePolicy.FLOAT else ()
            self.send(command("DZ", self.bias_smu), *off)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _check(self, force: str, values: Floats, compliance: float) -> None:
        """Raise `LimitError` where a forced value or the compliance is beyond a limit."""
        if not self.is_open:
            raise StateError(f"{self.role} is closed: what its SMU can is not known yet")
        if not values.size or not np.all(np.isfinite(values)):
            raise LimitError(f"{self.role}: there is to be at least one value to force, and all are to be finite")
        if force == "V":
            self.voltage.check(float(values[np.argmax(np.abs(values))]))
            self.compliance.check(compliance)
            return
        highest = float(np.max(np.abs(values)))
        if highest > self.compliance_limits[1]:
            raise LimitError(f"{self.role}: {highest} A is more than {self.compliance_limits[1]} A, the most there is")
        if compliance <= 0.0:
            raise LimitError(f"{self.role}: the compliance is to be above 0 V, not {compliance}")
        self.voltage.check(compliance)

    @property
    def _measurements(self) -> Measurements:
        return Measurements(self.smu, self._voltage_range, self._current_range)

    def _spot(self, force: str, value: float, compliance: float, nplc: float) -> SmuReadings:
        forced = np.array([value])
        self._check(force, forced, compliance)
        high_speed = Converter(self._converter) is Converter.HIGH_SPEED
        commands = self._measurements.spot(force, value, compliance, high_speed=high_speed)
        (data,) = self._acquire(nplc, [(commands, self._patience(1, 0.0, nplc))])
        return joined([readings(data, self.smu, forced, force=force)])

    def _sweep(self, force: str, values: Floats, compliance: float, delay: float, nplc: float) -> SmuReadings:
        forced = np.atleast_1d(np.asarray(values, dtype=np.float64))
        self._check(force, forced, compliance)
        if not 0.0 <= delay <= LONGEST_DELAY or abs(delay / DELAY_STEP - round(delay / DELAY_STEP)) > 1e-6:
            raise LimitError(f"{self.role}: delay = {delay} s, but it goes from 0 to {LONGEST_DELAY} s in 0.1 ms")
        pieces, batches = staircases(forced), []
        commands = self._measurements.staircase_set_up(force, delay)
        for piece in pieces:
            commands += self._measurements.staircase(force, piece, compliance)
            batches.append((commands, self._patience(len(piece), delay, nplc)))
            commands = ()
        found = self._acquire(nplc, batches)
        return joined([readings(d, self.smu, p, force=force) for d, p in zip(found, pieces, strict=True)])

    def _patience(self, points: int, each: float, nplc: float) -> float:
        return self.link.options.timeout + integration.patience(points, each, nplc, self.line_frequency)

    def _acquire(self, nplc: float, batches: list[Batch]) -> list[list[Datum]]:
        """Switch on, run each batch, go back to the idle policy, and return each batch's data.

        After a lost line or a stopped run the output is left as it is; `make_safe` ends the measurement then.
        """
        where = f"{self.role}: nplc"
        setup = integration.commands(self.smu, Converter(self._converter), nplc, self.line_frequency, where)
        with self.link.lock:
            try:
                self._flex.send(*setup, command("CN", self.smu))
                lines = [self._flex.measure(*commands, timeout=timeout) for commands, timeout in batches]
            except InstrumentError:
                self._rest()
                raise
            self._rest()
        return [parse(line) for line in lines]

    def _rest(self) -> None:
        off = (command("CL", self.smu),) if self.idle is IdlePolicy.FLOAT else ()
        self._flex.send(command("DZ", self.smu), *off)
