"""``smua`` and ``smub``: the namespace of a channel, and what its functions do.

Source: Series 2600B Reference Manual, command reference: ``smuX.*``.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp.buffers import ReadingBuffer
from simulated_instruments.keithley_tsp.channel import AMPS, OHMS, OUTPUT_OFF, VOLTS, WATTS, Draw, Source
from simulated_instruments.keithley_tsp.errors import BUSY, DATA_TYPE, OUT_OF_MEMORY, InstrumentError
from simulated_instruments.keithley_tsp.meter import Meter
from simulated_instruments.keithley_tsp.models import Model
from simulated_instruments.keithley_tsp.nodes import Node, Value, integer_in, one_of
from simulated_instruments.keithley_tsp.settings import measure_node, source_node
from simulated_instruments.terminals import Terminal

SCRIPT_CAPACITY = 500_000
"""Readings that all the buffers made by scripts may hold together: *assumed*."""

CONSTANTS: dict[str, float] = {
    "OUTPUT_DCAMPS": 0, "OUTPUT_DCVOLTS": 1, "OUTPUT_OFF": 0, "OUTPUT_ON": 1, "OUTPUT_HIGH_Z": 2,
    "OUTPUT_NORMAL": 0, "OUTPUT_ZERO": 1, "SENSE_LOCAL": 0, "SENSE_REMOTE": 1, "SENSE_CALA": 3,
    "AUTORANGE_OFF": 0, "AUTORANGE_ON": 1, "AUTORANGE_FOLLOW_LIMIT": 2,
    "AUTOZERO_OFF": 0, "AUTOZERO_ONCE": 1, "AUTOZERO_AUTO": 2,
    "DELAY_OFF": 0, "DELAY_AUTO": -1, "FILTER_OFF": 0, "FILTER_ON": 1, "FILTER_MOVING_AVG": 0, "FILTER_REPEAT_AVG": 1,
    "FILTER_MEDIAN": 2, "REL_OFF": 0, "REL_ON": 1,
    "DISABLE": 0, "ENABLE": 1, "ASYNC": 2, "SOURCE_IDLE": 0, "SOURCE_HOLD": 1,
    "SETTLE_SMOOTH": 0, "SETTLE_FAST_RANGE": 1, "SETTLE_FAST_POLARITY": 2, "SETTLE_DIRECT_IRANGE": 3,
    "SETTLE_SMOOTH_100NA": 4, "SETTLE_FAST_ALL": 128, "FILL_ONCE": 0, "FILL_WINDOW": 1,
}  # fmt: skip
"""The codes of SETTLE_*, ASYNC, FILTER_* and FILL_* are *unconfirmed*."""


class Bench(Protocol):
    """What a channel asks of its instrument."""

    clock: Clock

    def line_hz(self) -> float:
        """Return the mains frequency in Hz."""

    def wait(self, seconds: float) -> None:
        """Let time pass, unless a device clear ends the script."""

    def look(self) -> None:
        """Hear that the host looks at overlapped work, which then goes on."""

    def overlap(self, job: Iterator[object]) -> None:
        """Take overlapped work."""

    def busy(self) -> bool:
        """Return whether overlapped work is under way."""

    def reap(self) -> None:
        """Find the buffers that no script can reach any more."""


class SourceMeasureUnit(Node):
    """One channel; ``letter`` is ``a`` or ``b``."""

    def __init__(self, letter: str, model: Model, terminal: Terminal, bench: Bench, seed: int) -> None:
        super().__init__()
        self.letter = letter
        self.bench = bench
        number = "ab".index(letter)
        self.source = Source(model, terminal, bench.clock, letter.upper(), Draw(seed, number, 0))
        self.meter = Meter(self.source, Draw(seed, number, 1), bench.line_hz, bench.wait)
        self._made: list[ReadingBuffer] = []
        self.buffers = (ReadingBuffer(None, bench.look), ReadingBuffer(None, bench.look))
        self.members.update(CONSTANTS)
        self.members.update({"nvbuffer1": self.buffers[0], "nvbuffer2": self.buffers[1]})
        measure = measure_node(self)
        self._add_measurements(measure)
        self.members.update({"source": source_node(self), "measure": measure})
        self.setting("sense", self.meter, one_of(0, 1, 3))
        self.members.update({
            "reset": self.reset, "makebuffer": self._make_buffer, "savebuffer": lambda _buffer: None,
            "measureivandstep": self._measure_iv_and_step, "measureiandstep": self._measure_i_and_step,
            "measurevandstep": self._measure_v_and_step,
        })  # fmt: skip

    def reset(self) -> None:
        """Take the channel's default settings."""
        self.source.reset()
        self.meter.reset()
        self.range_limit()
        for buffer in self.buffers:
            buffer.appendmode = 0

    def range_limit(self) -> None:
        """Let a fixed current range below the limit act as the limit."""
        meter = self.meter
        fixed = self.source.func == VOLTS and not meter.amps.autorange
        limit = meter.amps.fixed_range if fixed else float("inf")
        if limit != self.source.measure_limit:
            self.source.measure_limit = limit
            if self.source.output != OUTPUT_OFF:
                self.source.drive()

    def measure(self, funcs: tuple[int, ...], buffers: tuple[Value, ...]) -> tuple[float, ...]:
        """Take readings, as ``smuX.measure.*`` does.

        Raises:
            InstrumentError: An overlapped measurement is under way, or something else than a buffer was given.
        """
        if self.bench.busy():
            raise InstrumentError(BUSY, self.source.prefix)
        return self.meter.read(funcs, self.checked(funcs, buffers))

    def checked(self, funcs: tuple[int, ...], buffers: tuple[Value, ...]) -> tuple[ReadingBuffer | None, ...]:
        """Return one buffer, or ``None``, for each function.

        Raises:
            InstrumentError: Something else was given.
        """
        if len(buffers) > len(funcs) or any(not isinstance(buffer, ReadingBuffer | None) for buffer in buffers):
            raise InstrumentError(DATA_TYPE)
        return (*buffers, *(None,) * (len(funcs) - len(buffers)))

    def _add_measurements(self, node: Node) -> None:
        for name, funcs in {"i": (AMPS,), "v": (VOLTS,), "r": (OHMS,), "p": (WATTS,), "iv": (AMPS, VOLTS)}.items():
            node.members[name] = self._measurement(funcs)
            node.members["overlapped" + name] = self._overlapped(funcs)

    def _measurement(self, funcs: tuple[int, ...]) -> Callable[..., Value]:
        return lambda *buffers: self.measure(funcs, buffers)

    def _overlapped(self, funcs: tuple[int, ...]) -> Callable[..., None]:
        def start(*buffers: Value) -> None:
            if self.bench.busy():
                raise InstrumentError(BUSY, self.source.prefix)
            chosen = self.checked(funcs, buffers)
            for buffer in chosen:
                if buffer is not None:
                    buffer.begin()
            self.bench.overlap(None for _ in self.meter.readings(funcs, chosen, self.meter.count))

        return start

    def _measure_iv_and_step(self, *arguments: Value) -> tuple[float, ...]:
        return self._and_step((AMPS, VOLTS), arguments)

    def _measure_i_and_step(self, *arguments: Value) -> tuple[float, ...]:
        return self._and_step((AMPS,), arguments)

    def _measure_v_and_step(self, *arguments: Value) -> tuple[float, ...]:
        return self._and_step((VOLTS,), arguments)

    def _and_step(self, funcs: tuple[int, ...], arguments: tuple[Value, ...]) -> tuple[float, ...]:
        """Measure, then source the last argument; the order of the arguments is *unconfirmed*."""
        *buffers, level = arguments or (None,)
        if not isinstance(level, int | float):
            raise InstrumentError(DATA_TYPE)
        values = self.measure(funcs, tuple(buffers))
        self.source.set_level(self.source.func, float(level))
        return values

    def _make_buffer(self, capacity: Value) -> ReadingBuffer:
        size = integer_in(1, SCRIPT_CAPACITY)(capacity)
        if not self._fits(size):
            self.bench.reap()
        if not self._fits(size):
            raise InstrumentError(OUT_OF_MEMORY)
        buffer = ReadingBuffer(size, self.bench.look, self._made.remove)
        self._made.append(buffer)
        return buffer

    def _fits(self, size: int) -> bool:
        return size + sum(buffer.capacity for buffer in self._made) <= SCRIPT_CAPACITY and len(self._made) < 1_000
