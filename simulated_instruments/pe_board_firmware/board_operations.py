"""Operations that drive no line. Source: docs/pe-board-wire.md, section 8."""

import struct

from simulated_instruments.pe_board_firmware.arguments import Arguments
from simulated_instruments.pe_board_firmware.codes import CELLS_PER_ARRAY, COLUMNS, IdlePolicy
from simulated_instruments.pe_board_firmware.machine import Machine, Run


def ping(_machine: Machine, arguments: Arguments, _run: Run) -> bytes:
    """Return what came."""
    return arguments.payload


def status(machine: Machine, last_seq: int) -> bytes:
    """Return the STATUS answer; ``last_seq`` is the number accepted before the request."""
    safety = machine.safety
    return struct.pack(
        "<4B4HhHIIIQ",
        safety.armed,
        safety.idle_policy,
        safety.line_state(),
        not safety.interlock_open,
        *safety.line_monitors(),
        safety.supply_monitor(),
        safety.temperature_monitor(),
        last_seq,
        safety.watchdog_ms,
        safety.watchdog_trips,
        machine.line_rate.baud,
        int((machine.clock.now() - machine.power_up) * 1e3),
    )


def counters(machine: Machine, _arguments: Arguments, _run: Run) -> bytes:
    """Return all counters."""
    return struct.pack("<15Q", *machine.counters.values())


def stuck_map(machine: Machine, arguments: Arguments, _run: Run) -> bytes:
    """Return the stored table's rows."""
    first = arguments["array"] * CELLS_PER_ARRAY + arguments["first_row"] * COLUMNS
    return bytes(int(state) for state in machine.stuck_map[first : first + arguments["row_count"] * COLUMNS])


def set_baud(_machine: Machine, arguments: Arguments, _run: Run) -> bytes:
    """Return the rate asked for; the line changes when the answer is out."""
    return struct.pack("<I", arguments["baud"])


def arm(machine: Machine, arguments: Arguments, _run: Run) -> bytes:
    """Arm the board, or replace watchdog and policy."""
    machine.safety.arm(arguments["watchdog_ms"], IdlePolicy(arguments["idle_policy"]))
    return struct.pack("<IB", arguments["watchdog_ms"], arguments["idle_policy"])


def make_safe(machine: Machine) -> bytes:
    """Ground all lines, disarm, and return what the monitors read back."""
    machine.safety.make_safe()
    return struct.pack("<B3H", machine.safety.line_state(), *machine.safety.line_monitors())
