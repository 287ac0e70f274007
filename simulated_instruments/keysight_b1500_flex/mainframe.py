"""The mainframe's state: modules, units, measurement set-up, timer, output data buffer."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_b1500_flex.adc import Converters
from simulated_instruments.keysight_b1500_flex.data_format import Datum, channel_letter, format_reply
from simulated_instruments.keysight_b1500_flex.errors import ErrorQueue, FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.message import Command
from simulated_instruments.keysight_b1500_flex.ranges import MODULE_MODELS, SMU_MODELS
from simulated_instruments.keysight_b1500_flex.sampling import SamplingSetup
from simulated_instruments.keysight_b1500_flex.smu import Output, SourceMonitorUnit
from simulated_instruments.keysight_b1500_flex.sweep import SweepSetup
from simulated_instruments.terminals import ResistiveTerminal, Terminal

Handler = Callable[["Mainframe", Command], str | None]
SLOTS = 10
BUFFER_ELEMENTS = 1_000_000  # assumed: how many data the output buffer holds; then the oldest reply gives way


class Mainframe:
    """What the FLEX commands act on.

    Args:
        clock: The bench's clock.
        terminals: "smu1", "smu2" ... by order of slot; a unit that is not named drives an open terminal.
        modules: Model by slot, from slot 1; "0" is an empty slot.
        seed: Seed of the noise.
    """

    def __init__(self, clock: Clock, terminals: Mapping[str, Terminal], modules: Sequence[str], seed: int) -> None:
        self.clock = clock
        self.modules = [*modules, *["0"] * (SLOTS - len(modules))]
        if len(self.modules) > SLOTS or any(m not in {"0", *MODULE_MODELS} for m in self.modules):
            raise ValueError(f"modules are at most {SLOTS} of {MODULE_MODELS} or '0', not {tuple(modules)}")
        noise = np.random.default_rng(seed)
        slots = [n for n, model in enumerate(self.modules, start=1) if model in SMU_MODELS]
        names = {f"smu{n}": slot for n, slot in enumerate(slots, start=1)}
        if unknown := set(terminals) - set(names):
            raise ValueError(f"no SMU for the terminals {sorted(unknown)}; the mainframe has {sorted(names)}")
        self.units = {
            slot: SourceMonitorUnit(
                slot, SMU_MODELS[self.modules[slot - 1]], terminals.get(name, ResistiveTerminal(clock)), clock, noise
            )
            for name, slot in names.items()
        }
        self.errors = ErrorQueue()
        self.service_request_mask = 0
        self.interlock_closed = False
        self._buffer: deque[tuple[bytes, int]] = deque()
        self._set_up()

    def _set_up(self) -> None:
        self.converters = Converters()
        self.averaging = (1, 0)
        self.format = (1, 0)
        self.mode: tuple[int, tuple[int, ...]] | None = None
        self.sweep = SweepSetup()
        self.sampling = SamplingSetup()
        self.waits = {1: (1.0, 0.0), 2: (1.0, 0.0)}
        self.auto_calibration = True
        self.parallel = False
        self.time_stamps = False
        self.channel_map: dict[int, int] = {}
        self._timer_zero = self.clock.now()

    def reset(self) -> None:
        """Do what ``*RST`` does: all outputs off, all settings initial, the output buffer empty; errors stay."""
        for unit in self.units.values():
            unit.reset()
        self.clear_data()
        self._set_up()

    def slot(self, channel: float) -> int:
        """Return the slot that ``channel`` (1-10, or slot * 100 + 1) means after channel mapping.

        Raises:
            FlexError: 121.
        """
        number = self.channel_map.get(int(channel), int(channel)) if channel == int(channel) else 0
        slot = number // 100 if number > SLOTS and number % 100 == 1 else number
        if not 1 <= slot <= SLOTS:
            raise FlexError(FlexErrorCode.CHANNEL_NUMBER)
        return slot

    def unit(self, channel: float) -> SourceMonitorUnit:
        """Return the SMU of ``channel``.

        Raises:
            FlexError: 121 where there is none.
        """
        unit = self.units.get(self.slot(channel))
        if unit is None:
            raise FlexError(FlexErrorCode.CHANNEL_NUMBER)
        return unit

    def chosen(self, command: Command, *, first: int = 0) -> list[SourceMonitorUnit]:
        """Return the SMUs that ``command`` names from parameter ``first`` on, all of them when it names none.

        Raises:
            FlexError: 122 for too many channels or one named twice, 121 for one that is not there.
        """
        channels = command.values[first:]
        if len(channels) > SLOTS:
            raise FlexError(FlexErrorCode.CHANNEL_COUNT)
        if not channels:
            return list(self.units.values())
        units = [self.unit(0 if channel is None else channel) for channel in channels]
        if len({unit.slot for unit in units}) < len(units):
            raise FlexError(FlexErrorCode.CHANNEL_COUNT)
        return units

    def measuring(self) -> list[SourceMonitorUnit]:
        """Return the units that ``MM`` named, each with its switch closed.

        Raises:
            FlexError: 122 without ``MM`` (*unconfirmed*), 200.
        """
        if self.mode is None:
            raise FlexError(FlexErrorCode.CHANNEL_COUNT)
        units = [self.units[slot] for slot in self.mode[1]]
        if not all(unit.on for unit in units):
            raise FlexError(FlexErrorCode.SWITCH_OFF)
        return units

    def force(self, unit: SourceMonitorUnit, output: Output) -> None:
        """Check ``output`` and force it; a timer reset that waits for this unit's output happens now."""
        unit.check(output, interlock_closed=self.interlock_closed)
        unit.force(output)
        if unit.settings.reset_timer:
            unit.settings.reset_timer = False
            self.reset_timer()

    def others_limited(self, unit: SourceMonitorUnit) -> bool:
        """Return whether any unit but ``unit`` is at its compliance."""
        return any(other.at_compliance() for other in self.units.values() if other is not unit)

    def measure(self, unit: SourceMonitorUnit, kind: str, index: int) -> Datum:
        """Take one measurement; see ``SourceMonitorUnit.measure``."""
        return unit.measure(kind, index, self.converters, self.others_limited(unit))

    def measure_block(self, units: Sequence[SourceMonitorUnit], *, stamped: bool) -> list[Datum]:
        """Measure what ``CMM`` says on each of ``units`` in turn, each with the time before it if ``stamped``."""
        data: list[Datum] = []
        for unit in units:
            if stamped:
                data.append(Datum("N", channel_letter(unit.slot), "T", self.timer()))
            data += [self.measure(unit, kind, unit.settings.range_index[kind]) for kind in unit.measured_kinds()]
        return data

    def timer(self) -> float:
        """Return the time stamp: seconds since ``TSR``."""
        return self.clock.now() - self._timer_zero

    def reset_timer(self) -> None:
        """Make now the zero of the time stamps."""
        self._timer_zero = self.clock.now()

    def put(self, data: list[Datum]) -> None:
        """Append one reply of measurement ``data`` to the output buffer."""
        self._buffer.append((format_reply(data, self.format[0]), len(data)))
        while len(self._buffer) > 1 and sum(count for _, count in self._buffer) > BUFFER_ELEMENTS:
            self._buffer.popleft()

    def take(self) -> bytes:
        """Return and remove the oldest reply, empty when there is none."""
        return self._buffer.popleft()[0] if self._buffer else b""

    def waiting(self) -> int:
        """Return how many data the output buffer holds."""
        return sum(count for _, count in self._buffer)

    def clear_data(self) -> None:
        """Empty the output buffer."""
        self._buffer.clear()
