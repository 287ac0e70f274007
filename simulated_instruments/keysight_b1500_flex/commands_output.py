"""The commands that act on units: switches, forced outputs, measurement ranges, spot measurements.

Source: the FLEX sheet, set-up commands and ranges.
"""

from dataclasses import replace

from simulated_instruments.keysight_b1500_flex.data_format import Datum, channel_letter
from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.mainframe import Handler, Mainframe
from simulated_instruments.keysight_b1500_flex.message import Command
from simulated_instruments.keysight_b1500_flex.ranges import check_range
from simulated_instruments.keysight_b1500_flex.smu import Output, SourceMonitorUnit


def other(kind: str) -> str:
    """Return "I" for "V" and "V" for "I"."""
    return "I" if kind == "V" else "V"


def compliance_of(command: Command, index: int, unit: SourceMonitorUnit, kind: str) -> float:
    """Return the compliance of a source of ``kind``: parameter ``index``, or the unit's own if it forces that kind.

    Raises:
        FlexError: 201.
    """
    if command.given(index):
        return command.number(index)
    if unit.settings.output.kind != kind:
        raise FlexError(FlexErrorCode.COMPLIANCE_MISSING)
    return unit.settings.output.compliance


def switches(frame: Mainframe, command: Command) -> None:
    """``CN``, ``CNX`` and ``CL``: close or open the output switch of the named channels, or of all."""
    for unit in frame.chosen(command):
        unit.switch(on=command.name != "CL")


def initialise(frame: Mainframe, command: Command) -> None:
    """``IN``: the named channels, or all, go back to their initial settings, switch open (*unconfirmed*)."""
    for unit in frame.chosen(command):
        unit.reset()


def zero(frame: Mainframe, command: Command) -> None:
    """``DZ``: force 0 V and remember what was forced. A channel whose switch is open is left alone."""
    for unit in frame.chosen(command):
        if unit.on:
            unit.settings.remembered = unit.settings.remembered or unit.settings.output
            limit = unit.settings.output.compliance if unit.settings.output.kind == "V" else Output().compliance
            unit.force(Output(compliance=limit))


def restore(frame: Mainframe, command: Command) -> None:
    """``RZ``: force again what ``DZ`` remembered."""
    units = [unit for unit in frame.chosen(command) if command.values or unit.settings.remembered]
    if not units or any(unit.settings.remembered is None for unit in units):
        raise FlexError(FlexErrorCode.RZ_WITHOUT_DZ)
    for unit in units:
        if unit.settings.remembered is not None:
            unit.force(unit.settings.remembered)
            unit.settings.remembered = None


def force(frame: Mainframe, command: Command) -> None:
    """``DV`` and ``DI`` ``ch,range,value[,compliance[,polarity[,compliance range]]]``; ``TDV`` and ``TDI`` stamp it."""
    command.count(3, 6)
    kind = command.name[-1]
    unit = frame.unit(command.number(0))
    output = Output(
        kind,
        command.number(2),
        compliance_of(command, 3, unit, kind),
        check_range(unit.model, kind, command.integer(1, low=-2000, high=2000), fixed=False),
        command.integer(4, 0, low=0, high=1),
        check_range(unit.model, other(kind), command.integer(5, 0, low=-2000, high=2000), fixed=True),
    )
    frame.force(unit, output)
    if command.name.startswith("T"):
        frame.put([Datum("N", channel_letter(unit.slot), "T", frame.timer())])


def measure(frame: Mainframe, command: Command) -> None:
    """``TI``, ``TV``, ``TIV`` and with a time stamp ``TTI``, ``TTV``, ``TTIV``: measure now, ``ch[,range[,range]]``."""
    kinds = command.name.removeprefix("T").removeprefix("T")
    command.count(1, 1 + len(kinds))
    unit = frame.unit(command.number(0))
    if len(kinds) == 2 and command.given(1) != command.given(2):
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    indices = [
        check_range(unit.model, kind, command.integer(n, 0, low=-2000, high=2000), fixed=True)
        for n, kind in enumerate(kinds, start=1)
    ]
    if not unit.on:
        raise FlexError(FlexErrorCode.SWITCH_OFF)
    stamp = [Datum("N", channel_letter(unit.slot), "T", frame.timer())] if command.name.startswith("TT") else []
    frame.put(stamp + [frame.measure(unit, kind, index) for kind, index in zip(kinds, indices, strict=True)])


def time_stamp(frame: Mainframe, command: Command) -> None:
    """``TSR [ch]`` zeroes the timer, now or at the channel's next output; ``TSQ`` returns the time."""
    if command.name == "TSQ":
        command.count(0, 0)
        frame.put([Datum("N", "Z", "T", frame.timer())])
        return
    command.count(0, 1)
    if command.values:
        frame.unit(command.number(0)).settings.reset_timer = True
    else:
        frame.reset_timer()


def ranging(frame: Mainframe, command: Command) -> None:
    """``RI ch,range`` and ``RV ch,range``."""
    command.count(2, 2)
    kind, unit = command.name[-1], frame.unit(command.number(0))
    index = check_range(unit.model, kind, command.integer(1, low=-2000, high=2000), fixed=True)
    unit.settings.range_index[kind] = index


def ranging_mode(frame: Mainframe, command: Command) -> None:
    """``RM ch,mode[,rate]``; kept for ``*LRN?``, the auto ranging itself is that of mode 1."""
    command.count(2, 3)
    mode = command.integer(1, low=1, high=3)
    frame.unit(command.number(0)).settings.ranging = (mode, command.integer(2, 50, low=11, high=100))


def operation(frame: Mainframe, command: Command) -> None:
    """``CMM ch,mode``."""
    command.count(2, 2)
    frame.unit(command.number(0)).settings.operation = command.integer(1, low=0, high=4)


def converter(frame: Mainframe, command: Command) -> None:
    """``AAD ch,type``."""
    command.count(2, 2)
    frame.unit(command.number(0)).settings.converter = command.integer(1, low=0, high=2)


def series_resistor(frame: Mainframe, command: Command) -> None:
    """``SSR ch,mode``: 1 Mohm in series."""
    command.count(2, 2)
    unit = frame.unit(command.number(0))
    unit.settings.series = bool(command.integer(1, low=0, high=1))
    if unit.on:
        unit.force(replace(unit.settings.output))


def output_filter(frame: Mainframe, command: Command) -> None:
    """``FL mode[,ch...]``; kept for ``*LRN?``: outputs settle at once here."""
    on = bool(command.integer(0, low=0, high=1))
    for unit in frame.chosen(command, first=1):
        unit.settings.filtered = on


OUTPUT_COMMANDS: dict[str, Handler] = {
    "CN": switches, "CNX": switches, "CL": switches, "IN": initialise, "DZ": zero, "RZ": restore,
    "DV": force, "DI": force, "TDV": force, "TDI": force,
    "TI": measure, "TV": measure, "TIV": measure, "TTI": measure, "TTV": measure, "TTIV": measure,
    "TSR": time_stamp, "TSQ": time_stamp, "RI": ranging, "RV": ranging, "RM": ranging_mode, "CMM": operation,
    "AAD": converter, "SSR": series_resistor, "FL": output_filter,
}  # fmt: skip
