"""``*LRN? n``: the settings, as the commands that would restore them.

Source: the FLEX sheet, set-up commands. There is no blank after a command's name, which is how ``CN1,2`` comes back in
every public driver. For ``RI``, ``RV`` and ``CMM`` they disagree: one looks for ``RI 1,0`` (which the sheet has, too),
the other for ``RI1,0``; each overlooks the other form. What a unit sends is *unconfirmed*, so these three come in both.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulated_instruments.keysight_b1500_flex.errors import FlexError, FlexErrorCode

if TYPE_CHECKING:
    from simulated_instruments.keysight_b1500_flex.mainframe import Mainframe


def _command(name: str, *values: float | None) -> str:
    return name + ",".join(f"{value:.9G}" for value in values if value is not None)


def _switches(frame: "Mainframe") -> str:
    closed = [unit.slot for unit in frame.units.values() if unit.on]
    return _command("CN", *closed) if closed else "CL"


def _slot(frame: "Mainframe", slot: int) -> str:
    unit = frame.units.get(slot)
    if unit is None:
        raise FlexError(FlexErrorCode.CHANNEL_NUMBER)
    if not unit.on:
        return _command("CL", slot)
    o = unit.settings.output
    return _command(f"D{o.kind}", slot, o.range_index, o.value, o.compliance, o.polarity, o.compliance_range_index)


def _filters(frame: "Mainframe") -> str:
    groups = {on: [u.slot for u in frame.units.values() if u.settings.filtered is on] for on in (False, True)}
    if not groups[True] or not groups[False]:
        return f"FL{int(bool(groups[True]))}"
    return ";".join(_command("FL", int(on), *slots) for on, slots in groups.items())


def _general(frame: "Mainframe") -> str:
    parts = [
        "TM1",
        _command("AV", *frame.averaging),
        _command("CM", int(frame.auto_calibration)),
        _command("FMT", *frame.format),
    ]
    return ";".join(parts + ([_command("MM", frame.mode[0], *frame.mode[1])] if frame.mode else []))


def _ranging(frame: "Mainframe") -> str:
    units = frame.units.values()
    return _in_both_forms([(f"R{kind}", unit.slot, unit.settings.range_index[kind]) for kind in "IV" for unit in units])


def _operation(frame: "Mainframe") -> str:
    return _in_both_forms([("CMM", unit.slot, unit.settings.operation) for unit in frame.units.values()])


def _in_both_forms(settings: list[tuple[str, int, int]]) -> str:
    return ";".join(_command(name + blank, *values) for blank in (" ", "") for name, *values in settings)


def _sweep(frame: "Mainframe") -> str:
    setup = frame.sweep
    parts = [_command("WM", 1 + setup.abort, setup.post), _command("WT", *setup.times)]
    if (p := setup.primary) is not None:
        values = (p.slot, setup.mode, p.range_index, p.start, p.stop, setup.steps, p.compliance, p.power)
        parts.append(_command(f"W{p.kind}", *values))
    if (s := setup.synchronous) is not None:
        parts.append(_command(f"WS{s.kind}", s.slot, s.range_index, s.start, s.stop, s.compliance, s.power))
    return ";".join(parts)


def _sampling(frame: "Mainframe") -> str:
    setup = frame.sampling
    parts = [
        _command("MSC", 1 + setup.abort, setup.post),
        _command("ML", setup.mode),
        _command("MT", setup.hold_bias, setup.interval, setup.number, setup.hold_base),
    ]
    parts += [
        _command(f"M{s.kind}", slot, s.range_index, s.base, s.bias, s.compliance) for slot, s in setup.sources.items()
    ]
    return ";".join(parts)


def _adc(frame: "Mainframe") -> str:
    parts = [_command("AIT", kind, *frame.converters.modes[kind]) for kind in (0, 1)]
    return ";".join([*parts, _command("AZ", int(frame.converters.auto_zero))])


def _of_each_unit(name: str, value: Callable[..., tuple[int, ...]]) -> Callable[["Mainframe"], str]:
    return lambda frame: ";".join(_command(name, u.slot, *value(u.settings)) for u in frame.units.values())


_TOPICS: dict[int, Callable[["Mainframe"], str]] = {
    0: _switches,
    30: _filters,
    31: _general,
    32: _ranging,
    33: _sweep,
    46: _operation,
    47: _sampling,
    53: _of_each_unit("SSR", lambda s: (int(s.series),)),
    54: _of_each_unit("RM", lambda s: s.ranging if s.ranging[0] > 1 else s.ranging[:1]),
    55: _of_each_unit("AAD", lambda s: (s.converter,)),
    56: _adc,
    57: lambda frame: ";".join(_command("WAT", kind, *frame.waits[kind]) for kind in (1, 2)),
    60: lambda frame: _command("TSC", int(frame.time_stamps)),
    110: lambda frame: _command("PAD", int(frame.parallel)),
}


def learn(frame: "Mainframe", topic: int) -> str:
    """Return the answer to ``*LRN? topic``.

    Raises:
        FlexError: 120 for a topic that is not simulated, 121 for a slot without an SMU.
    """
    if 1 <= topic <= 10:
        return _slot(frame, topic)
    if topic not in _TOPICS:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    return _TOPICS[topic](frame)
