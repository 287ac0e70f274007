"""The settings of one channel: a table of TSP attributes, each made into a setting object.

A setting works on a driver that has ``bounds``, ``ask_attribute``, ``write_attribute``, ``write_source`` and
``write_output``.
Source: Series 2600B Reference Manual 2600BS-901-01, command reference; the filter's codes and range, the autozero
codes, and delays in general are *unconfirmed*.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from drivers.keithley_tsp.limits import NPLC, Bounds
from labctl.settings import Limits, Setting, Value
from labctl.units import Unit

LONGEST_DELAY = 1e3
"""In s (assumed)."""
AUTOMATIC_DELAY = -1.0
Codes = Mapping[str, int]
FUNCTIONS: Codes = {"voltage": 1, "current": 0}
OFF_MODES: Codes = {"normal": 0, "zero": 1, "high-z": 2}
FILTERS: Codes = {"moving": 0, "repeat": 1, "median": 2}
AUTOZERO: Codes = {"off": 0, "once": 1, "auto": 2}
ON = 1


Make = Callable[[str], Setting]
"""Makes a setting of the channel of that name, or of the driver's own where it is empty."""


def _number(path: str, unit: Unit, doc: str, limits: Any, kind: Literal["float", "int"] = "float") -> Make:
    make = int if kind == "int" else float

    def setting(channel: str) -> Setting:
        def read(smu: Any) -> Value:
            return make(float(smu.ask_attribute(path, channel)))

        def write(smu: Any, value: Any) -> None:
            smu.write_attribute(path, make(value), channel)

        bounds = (lambda smu: limits(smu.bounds)) if callable(limits) else limits
        return Setting(unit, doc, read=read, write=write, limits=bounds, kind=kind)

    return setting


def _switch(path: str, doc: str) -> Make:
    def setting(channel: str) -> Setting:
        def read(smu: Any) -> Value:
            return float(smu.ask_attribute(path, channel)) == ON

        def write(smu: Any, value: Any) -> None:
            smu.write_attribute(path, int(value), channel)

        return Setting("", doc, read=read, write=write, kind="bool")

    return setting


def _choice(path: str, doc: str, codes: Codes, *, fixed: bool = False) -> Make:
    names = {code: name for name, code in codes.items()}

    def setting(channel: str) -> Setting:
        def read(smu: Any) -> Value:
            code = int(float(smu.ask_attribute(path, channel)))
            return names.get(code, f"code {code}")

        def write(smu: Any, value: Any) -> None:
            smu.write_attribute(path, codes[value], channel)

        return Setting("", doc, read=read, write=None if fixed else write, choices=tuple(codes), kind="str")

    return setting


def _source(channel: str) -> Setting:
    return Setting(
        "", "what is forced; can be changed while the output is off", choices=tuple(FUNCTIONS), kind="str",
        read=_choice("source.func", "", FUNCTIONS)(channel).read,
        write=lambda smu, value: smu.write_source(FUNCTIONS[value], channel),
    )  # fmt: skip


def _output(channel: str) -> Setting:
    return Setting(
        "", "whether the output is on; where the sample has limits, on only with a level and compliance within them",
        read=lambda smu: float(smu.ask_attribute("source.output", channel)) == ON,
        write=lambda smu, value: smu.write_output(value, channel), kind="bool",
    )  # fmt: skip


def _in_compliance(channel: str) -> Setting:
    return Setting(
        "", "whether the compliance holds the source now", kind="bool",
        read=lambda smu: smu.ask_attribute("source.compliance", channel) == "true",
    )  # fmt: skip


def _reading(path: str, unit: Unit, doc: str) -> Make:
    return lambda channel: Setting(unit, doc, read=lambda smu: float(smu.ask_attribute(path, channel)), disturbs=True)


def _source_range(quantity: Literal["voltage", "current"]) -> Callable[[Bounds], Limits]:
    return lambda bounds: (0.0, getattr(bounds.model, f"{quantity}_ranges")[-1])


_DELAYS = (AUTOMATIC_DELAY, LONGEST_DELAY)
SETTINGS: dict[str, Make] = {
    "source": _source,
    "voltage": _number("source.levelv", "V", "voltage forced while the output is on", lambda b: b.voltage),
    "current": _number("source.leveli", "A", "current forced while the output is on", lambda b: b.current),
    "current_limit": _number("source.limiti", "A", "compliance when voltage is forced", lambda b: b.current_limit),
    "voltage_limit": _number("source.limitv", "V", "compliance when current is forced", lambda b: b.voltage_limit),
    "voltage_range": _number(
        "source.rangev", "V", "range of the voltage source: the smallest that holds this", _source_range("voltage")
    ),
    "voltage_autorange": _switch("source.autorangev", "whether the voltage source changes ranges by itself"),
    "current_range": _number(
        "source.rangei", "A", "range of the current source: the smallest that holds this", _source_range("current")
    ),
    "current_autorange": _switch("source.autorangei", "whether the current source changes ranges by itself"),
    "measured_voltage_range": _number(
        "measure.rangev", "V", "range for measuring voltage: the smallest that holds this", _source_range("voltage")
    ),
    "measured_voltage_autorange": _switch("measure.autorangev", "whether measuring voltage changes ranges by itself"),
    "measured_current_range": _number(
        "measure.rangei", "A", "range for measuring current: the smallest that holds this", _source_range("current")
    ),
    "measured_current_autorange": _switch("measure.autorangei", "whether measuring current changes ranges by itself"),
    "lowest_current_range": _number(
        "measure.lowrangei", "A", "lowest range that measuring current goes to by itself: what decides its speed",
        lambda b: (b.model.lowest_measured, b.model.current_ranges[-1]),
    ),
    "nplc": _number("measure.nplc", "", "integration time, in cycles of the mains", NPLC),
    "source_delay": _number("source.delay", "s", "wait after each level; -1 s for the range's own", _DELAYS),
    "measure_delay": _number("measure.delay", "s", "wait before each reading; -1 s for the range's own", _DELAYS),
    "autozero": _choice("measure.autozero", "when reference and zero are measured again", AUTOZERO),
    "four_wire": _switch("sense", "whether the voltage is sensed at the device (4-wire)"),
    "filter": _switch("measure.filter.enable", "whether readings are averaged"),
    "filter_type": _choice("measure.filter.type", "how readings are averaged", FILTERS),
    "filter_count": _number("measure.filter.count", "", "readings averaged for each", (1, 100), "int"),
    "off_mode": _choice("source.offmode", "what the output does when off: the idle policy", OFF_MODES, fixed=True),
    "output": _output,
    "in_compliance": _in_compliance,
    "voltage_reading": _reading("measure.v()", "V", "one reading of the voltage"),
    "current_reading": _reading("measure.i()", "A", "one reading of the current"),
}  # fmt: skip


def channel_setting(name: str, channel: str = "") -> Setting:
    """Return the setting ``name`` of ``channel``, or of the channel that the driver has chosen."""
    setting = SETTINGS[name](channel)
    setting.__set_name__(Setting, f"{channel}_{name}" if channel else name)
    return setting
