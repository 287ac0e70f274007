"""Driver of the PE board: eight 128 x 16 arrays of 1T1R cells behind a serial line.

Checked against the golden vectors of its wire language and against simulation alone; no real board has spoken it yet.
Source: docs/pe-board-wire.md. Array and levels: Yao et al., Nature 577, 641 (2020).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from drivers.pe_board_wire import answers, requests
from drivers.pe_board_wire.answers import BoardStatus
from drivers.pe_board_wire.codes import Feature, LineState
from drivers.pe_board_wire.connection import WATCHDOG_LIMITS, Connection
from drivers.pe_board_wire.hello import POWER_UP_BAUD, Capabilities
from drivers.pe_board_wire.limits import Limits
from drivers.pe_board_wire.products import multiply
from drivers.pe_board_wire.requests import WireRead
from drivers.pe_board_wire.rows import read_rows, read_states, rows_in
from labctl.capabilities import ArrayGeometry, Cells, Floats, Ints, LinePulse, WriteResult, WriteSettings, WriteTrace
from labctl.errors import ConfigError, FrameError, InstrumentError
from labctl.instrument import Identity, IdlePolicy, Instrument
from labctl.links import Link
from labctl.settings import Setting, Value
from labctl.units import Unit

SAFE_MV = 50
"""A line below this counts as grounded (assumed)."""
BATCH, LEAST_BATCH = 64, 16
"""Cells in one request that changes cells, on a quiet and on a noisy line."""
SET, RESET = 1, 2
KELVIN = 273.15
GEOMETRY = Capabilities().geometry


def _reported(unit: Unit, doc: str, value: Callable[[BoardStatus], Value], kind: Any = "float") -> Setting:
    return Setting(unit, doc, read=lambda board: value(board.status()), kind=kind)


class PeBoard(Instrument):
    """The PE board. Lines are driven only while it is armed, which the first operation that needs it sees to.

    A current that saturated the converter reads as infinity. What lies off the wire's steps (1 mV, the board's
    width step) is refused.
    """

    vendor = "PE"
    models = ("PE board",)
    idle_policies = frozenset({IdlePolicy.GROUND, IdlePolicy.FLOAT})
    options: ClassVar[Mapping[str, type]] = {"watchdog": float, "fast_baud_rate": int}
    fast_baud_rate: int | None = None

    watchdog = Setting(
        "s", "silence after which the board grounds its lines; 0 for never", limits=(0.0, WATCHDOG_LIMITS[1]),
        read=lambda board: board.connection.watchdog, write=lambda board, value: board.connection.set_watchdog(value),
    )  # fmt: skip
    armed = _reported("", "whether the board may drive lines", lambda s: bool(s.armed), "bool")
    interlock_closed = _reported("", "whether the interlock is closed", lambda s: bool(s.interlock_closed), "bool")
    word_line_voltage = _reported("V", "highest voltage on any word line at rest", lambda s: s.word_mv / 1e3)
    bit_line_voltage = _reported("V", "highest voltage on any bit line at rest", lambda s: s.bit_mv / 1e3)
    source_line_voltage = _reported("V", "highest voltage on any source line at rest", lambda s: s.source_mv / 1e3)
    supply_voltage = _reported("V", "the board's supply", lambda s: s.supply_mv / 1e3)
    temperature = _reported("K", "temperature of the board", lambda s: round(s.temperature_cdeg / 100 + KELVIN, 2))
    uptime = _reported("s", "time since power-up", lambda s: s.uptime_ms / 1e3)
    watchdog_trips = _reported("", "how often the watchdog has grounded the lines", lambda s: s.watchdog_trips, "int")
    board_capabilities = Setting(
        "", "limits and features that the board reports, as JSON", kind="str",
        read=lambda board: json.dumps(board.capabilities._asdict()),
    )  # fmt: skip

    def __init__(self, link: Link, *, idle: IdlePolicy = IdlePolicy.GROUND, **keywords: Any) -> None:
        self.connection = Connection(
            link, keywords.get("role") or type(self).__name__, floating=idle is IdlePolicy.FLOAT
        )
        super().__init__(link, idle=idle, **keywords)
        self.capabilities = Capabilities()

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Take ``watchdog`` (s, 0 or 0.1 to 3600) and ``fast_baud_rate`` (one of the board's rates)."""
        own = dict(options)
        watchdog = own.pop("watchdog", self.connection.watchdog)
        super().check_options(own)
        if isinstance(watchdog, bool) or not isinstance(watchdog, (int, float)):
            raise ConfigError(f"{self.role}: watchdog = {watchdog!r} is no time in s")
        self.connection.set_watchdog(watchdog)

    # -- connection and safety --------------------------------------------------------------------------------------

    @property
    def geometry(self) -> ArrayGeometry:
        """Arrays, rows and columns; the same for every board of this kind."""
        return GEOMETRY

    def identify(self) -> Identity:
        """Open a session, at whatever rate the board is, and check version and size."""
        start = self.link.options.baud_rate or POWER_UP_BAUD
        self.capabilities = self.connection.start(start, self.fast_baud_rate, self.numbers)
        return Identity(self.vendor, self.models[0], self.capabilities.board_id, self.capabilities.firmware)

    def make_safe(self) -> dict[str, Value]:
        """Ground and disarm, even in the middle of an operation, and read the lines back."""
        lines = self.connection.make_safe()
        if lines.line_state != LineState.GROUND or max(lines[1:]) >= SAFE_MV:
            text = f"lines are not at ground after MAKE_SAFE, which answered {lines._asdict()}"
            raise InstrumentError(self.role, "MAKE_SAFE", lines.line_state, text)
        levels = {f"{name}_line_V": mv / 1e3 for name, mv in zip(("word", "bit", "source"), lines[1:], strict=True)}
        return {**levels, "armed": False}

    def link_counters(self) -> dict[str, int]:
        """Return requests, retries, refused and damaged frames, and the like, since the line was opened."""
        return self.connection.counters

    def status(self) -> BoardStatus:
        """Return the board's state, in the wire's units; disturbs no cell."""
        return answers.status(self.connection.ask(requests.STATUS))

    def counters(self) -> dict[str, int]:
        """Return what the board has counted since power-up: frames, pulses, reads."""
        return answers.counters(self.connection.ask(requests.COUNTERS))

    def ping(self, echo: bytes = b"") -> None:
        """Have ``echo`` sent back; raise `FrameError` where something else comes."""
        if self.connection.ask(requests.ping(echo)) != echo:
            raise FrameError(f"{self.role}: PING came back with other bytes")

    def stuck_map(self, array: int) -> Ints:
        """Return the (rows, columns) stored defects: 0 good, 1 stuck low, 2 stuck high, 3 not known."""
        self._limits().needs(Feature.STUCK_MAP)
        return read_states(self.connection, self.geometry, self._array(array))

    # -- cells ------------------------------------------------------------------------------------------------------

    def read_cells(self, cells: Cells, *, voltage: float, averages: int = 1) -> Floats:
        """Return the (n,) currents of ``cells``, in A; whole rows, in any order, are read as such."""
        numbers, read = self._limits().cells(cells, unique=False), self._limits().read(voltage, averages)
        if runs := rows_in(numbers, self.geometry, self.capabilities.max_cells):
            rows = np.empty((self.geometry.arrays * self.geometry.rows, self.geometry.columns))
            for first, count in runs:
                rows[first : first + count] = read_rows(self.connection, self.geometry, first, count, read)
            return rows.reshape(-1)[numbers]
        found = np.empty(len(numbers))

        def send(part: slice) -> None:
            piece = numbers[part]
            request = requests.read_cells(piece, read)
            payload = self.connection.read(request, can_be_split=len(piece) > LEAST_BATCH)
            found[part] = answers.currents(payload, len(piece))

        self.connection.split(len(numbers), self.capabilities.max_cells, LEAST_BATCH, send, idempotent=True)
        return found

    def read_array(self, array: int, *, voltage: float, averages: int = 1) -> Floats:
        """Return the (rows, columns) currents of one array, in A, read in one request."""
        read, rows = self._limits().read(voltage, averages), self.geometry.rows
        return read_rows(self.connection, self.geometry, self._array(array) * rows, rows, read)

    def pulse_cells(self, cells: Cells, pulse: LinePulse, *, count: int = 1) -> None:
        """Give each of ``cells`` ``count`` pulses, exactly so many whatever the line does."""
        self._pulse(cells, pulse, None, self._limits().count("number of pulses", count, self.capabilities.max_pulses))

    def pulse_and_read_cells(self, cells: Cells, pulse: LinePulse, *, voltage: float, averages: int = 1) -> Floats:
        """Give each of ``cells`` one pulse and return the (n,) currents read right after it, in A."""
        self._limits().needs(Feature.VERIFY)
        return self._pulse(cells, pulse, self._limits().read(voltage, averages))

    def write_cells(self, cells: Cells, targets: Floats, settings: WriteSettings) -> WriteResult:
        """Write ``cells`` to the (n,) ``targets``, in A, in a closed loop on the board."""
        numbers = self._limits().cells(cells, unique=True)
        write = self._limits().write(settings, self.capabilities.max_pulses)
        wanted = self._limits().targets(targets, len(numbers), settings.read_voltage)
        parts: list[WriteResult] = []

        def send(part: slice) -> None:
            payload = self.connection.drive(requests.write_cells(numbers[part], wanted[part], write))
            parts.append(answers.written(payload, part.stop - part.start))

        self.connection.split(len(numbers), BATCH, LEAST_BATCH, send, idempotent=False)
        return WriteResult(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def write_traced(self, cell: int, target: float, settings: WriteSettings) -> tuple[WriteResult, WriteTrace]:
        """Write one cell as `write_cells` does, and return each of its reads."""
        number = int(self._limits().cells([cell], unique=True)[0])
        write = self._limits().write(settings, self.capabilities.max_traced_pulses)
        wanted = self._limits().targets(np.array([target]), 1, settings.read_voltage)
        return answers.traced(self.connection.drive(requests.write_traced(number, int(wanted[0]), write)))

    def write_duration(self, cells: int, pulses: float, settings: WriteSettings) -> float:
        """Return the estimated time, in s, of writing ``cells`` cells with ``pulses`` pulses each, line included."""
        write = self._limits().write(settings, self.capabilities.max_pulses)
        baud = self.connection.baud or self.fast_baud_rate or self.link.options.baud_rate or POWER_UP_BAUD
        return requests.write_line_time(cells, BATCH, baud) + cells * requests.write_seconds(write, pulses)

    def multiply(self, array: int, rows: Ints, codes: Ints, *, bits: int, voltage: float) -> Floats:
        """Return bit-serial products: the (n, rows) bit-weighted sums of source-line currents, in A.

        Args:
            array: Which array.
            rows: The rows that are summed up, each once.
            codes: (n, columns) signed inputs of ``bits`` bits.
            bits: Bits of an input's magnitude; a sum over 2^bits - 1 is the current for inputs scaled to 1.
            voltage: On the bit line of a set bit, in V.
        """
        limits, board = self._limits(), self.capabilities
        limits.needs(Feature.MULTIPLY)
        bits = limits.count("number of bits", bits, board.max_bits)
        chosen, inputs = limits.rows(rows), limits.codes(codes, bits)
        read_mv, number = limits.read(voltage, 1).read_mv, self._array(array)
        return multiply(self.connection, board, number, bits, read_mv, chosen, inputs)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _limits(self) -> Limits:
        return Limits(self.role, self.capabilities, self.limits)

    def _array(self, array: int) -> int:
        return self._limits().count("array", array, self.geometry.arrays - 1, lowest=0)

    def _pulse(self, cells: Cells, pulse: LinePulse, read: WireRead | None, count: int = 1) -> Floats:
        numbers, wire = self._limits().cells(cells, unique=True), self._limits().pulse(pulse)
        kind = RESET if pulse.device_voltage < 0.0 else SET
        found = np.empty(len(numbers))

        def send(part: slice) -> None:
            payload = self.connection.drive(requests.pulse_cells(kind, numbers[part], wire, read, count))
            if read is None:
                answers.pulsed(payload, part.stop - part.start)
            else:
                found[part] = answers.currents(payload, part.stop - part.start)

        self.connection.split(len(numbers), BATCH, LEAST_BATCH, send, idempotent=False)
        return found
