"""The request tables of all operations. Source: docs/pe-board-wire.md, section 8."""

from simulated_instruments.pe_board_firmware.arguments import Choice, Entries, Field, Layout, Numbers, Range
from simulated_instruments.pe_board_firmware.capabilities import Capabilities
from simulated_instruments.pe_board_firmware.codes import ARRAYS, CELLS, COLUMNS, ROWS, Feature, IdlePolicy, Opcode

SET, RESET = 1, 2
VERIFY = 1
SHORTEST_WATCHDOG_MS, LONGEST_WATCHDOG_MS = 100, 3_600_000

_ARRAY = Field("array", "B", Range(0, ARRAYS - 1))
_ROWS = (
    _ARRAY,
    Field("first_row", "B", Range(0, ROWS - 1)),
    Field("row_count", "H", lambda numbers: Range(1, ROWS - numbers["first_row"])),
)
_CELL = Field("cell", "H", Range(0, CELLS - 1))


def _count(numbers: Numbers) -> int:
    return numbers["count"]


def _watchdog(numbers: Numbers) -> Range:
    return Range(SHORTEST_WATCHDOG_MS, LONGEST_WATCHDOG_MS) if numbers["watchdog_ms"] else Range(0, 0)


def layouts(board: Capabilities) -> dict[int, Layout]:
    """Return the table of every operation that is in the sequence, by opcode."""
    float_too = {IdlePolicy.FLOAT.value} if board.has(Feature.FLOAT) else set[int]()
    arm = (
        Field("watchdog_ms", "I", _watchdog),
        Field("idle_policy", "B", Choice(frozenset({IdlePolicy.GROUND.value} | float_too))),
    )
    baud = Field("baud", "I", Choice(frozenset(board.bauds)))
    return {
        Opcode.PING: Layout(free=True),
        Opcode.STATUS: Layout(),
        Opcode.COUNTERS: Layout(),
        Opcode.STUCK_MAP: Layout(_ROWS, feature=Feature.STUCK_MAP),
        Opcode.SET_BAUD: Layout((baud,), feature=Feature.SET_BAUD),
        Opcode.ARM: Layout(arm),
        Opcode.READ_CELLS: _read_cells(board),
        Opcode.READ_ARRAY: Layout((*_ROWS, *_read(board)), drives=True),
        Opcode.PULSE_CELLS: _pulse_cells(board),
        Opcode.WRITE_CELLS: _write(board, board.max_pulses, board.max_cells),
        Opcode.WRITE_TRACED: _write(board, board.max_traced_pulses, 1),
        Opcode.MULTIPLY: _multiply(board),
    }


def _read(board: Capabilities) -> tuple[Field, ...]:
    return (
        Field("read_mv", "H", Range(0, board.read_max_mv)),
        Field("averages", "H", Range(1, board.max_averages)),
    )


def _lines(board: Capabilities, prefix: str = "") -> tuple[Field, ...]:
    return (
        Field(prefix + "word_mv", "H", Range(0, board.word_max_mv)),
        Field(prefix + "bit_mv", "H", Range(0, board.bit_max_mv)),
        Field(prefix + "source_mv", "H", Range(0, board.source_max_mv)),
        Field(prefix + "width_ns", "I", Range(board.width_min_ns, board.width_max_ns, board.width_step_ns)),
    )


def _read_cells(board: Capabilities) -> Layout:
    count = Field("count", "H", Range(1, board.max_cells), is_count=True)
    return Layout((*_read(board), count), (Entries("cells", _count, (_CELL,)),), drives=True)


def _pulse_cells(board: Capabilities) -> Layout:
    flags = {0, VERIFY} if board.has(Feature.VERIFY) else {0}
    nothing = Choice(frozenset({0}))
    fields = (
        Field("kind", "B", Choice(frozenset({SET, RESET}))),
        Field("flags", "B", Choice(frozenset(flags))),
        *_lines(board),
        Field("pulses", "H", Range(1, board.max_pulses)),
        Field("read_mv", "H", lambda numbers: Range(0, board.read_max_mv) if numbers["flags"] else nothing),
        Field("averages", "H", lambda numbers: Range(1, board.max_averages) if numbers["flags"] else nothing),
        Field("count", "H", Range(1, board.max_cells), is_count=True),
    )
    return Layout(fields, (Entries("cells", _count, (_CELL,), unique=True),), drives=True)


def _write(board: Capabilities, most_pulses: int, most_cells: int) -> Layout:
    full_scale = Range(0, board.full_scale_pa)
    fields = (
        *_lines(board, "set_"),
        *_lines(board, "reset_"),
        *_read(board),
        Field("tolerance_pa", "I", full_scale),
        Field("pulse_limit", "H", Range(0, most_pulses)),
        Field("count", "H", Range(1, most_cells), is_count=True),
    )
    cells = Entries("cells", _count, (_CELL, Field("target_pa", "i", full_scale)), unique=True)
    return Layout(fields, (cells,), feature=Feature.WRITE, drives=True)


def _multiply(board: Capabilities) -> Layout:
    def vectors(numbers: Numbers) -> Range:
        return Range(1, min(board.max_vectors, board.max_results // numbers["row_count"]))

    def codes(numbers: Numbers) -> Range:
        largest: int = 2 ** numbers["bits"] - 1
        return Range(-largest, largest)

    fields = (
        _ARRAY,
        Field("bits", "B", Range(1, board.max_bits)),
        Field("read_mv", "H", Range(0, board.read_max_mv)),
        Field("row_count", "H", Range(1, ROWS), is_count=True),
        Field("vector_count", "H", vectors, is_count=True),
    )
    rows = Entries("rows", lambda numbers: numbers["row_count"], (Field("row", "B", Range(0, ROWS - 1)),), unique=True)
    inputs = Entries("codes", lambda numbers: COLUMNS * numbers["vector_count"], (Field("code", "h", codes),))
    return Layout(fields, (rows, inputs), feature=Feature.MULTIPLY, drives=True)
