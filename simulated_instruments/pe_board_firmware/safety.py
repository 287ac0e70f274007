"""Armed or safe: interlock, supply, temperature, lines, watchdog. Source: docs/pe-board-wire.md, section 6."""

import struct
from collections.abc import Mapping

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.pe_board_firmware.codes import IdlePolicy, RefusalError, Status

LINES = ("word", "bit", "source")
LOWEST_SUPPLY_MV, HIGHEST_SUPPLY_MV = 10_800, 13_200  # *assumed*
HIGHEST_TEMPERATURE_CDEG = 7_000  # *assumed*
HIGHEST_IDLE_MV = 50  # *assumed*
MONITOR_OFFSET_MV = (3, 1, 2)  # *assumed*: word, bit, source
MONITOR_NOISE_MV = 1  # *assumed*


class Safety:
    """Whether the board may drive its lines, and what its monitors see.

    Args:
        clock: The bench's clock.
        seed: Of the monitor converter's noise.
        interlock_open: Whether the interlock is open.
        supply_mv: Supply voltage, in mV.
        temperature: Of the board, in degC.
        held_lines: Lines that stay at a voltage whatever the switches do: word, bit or source -> mV.

    Raises:
        ValueError: A held line of another name or outside 0..65,535 mV.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int,
        interlock_open: bool,
        supply_mv: int,
        temperature: float,
        held_lines: Mapping[str, int],
    ) -> None:
        self._clock = clock
        self._noise = np.random.default_rng(seed)
        self.interlock_open = interlock_open
        self.supply_mv = supply_mv
        self.temperature = temperature
        self.held_lines: dict[str, int] = {}
        for name, millivolts in held_lines.items():
            self.hold_line(name, millivolts)
        self.armed = False
        self.idle_policy = IdlePolicy.GROUND
        self.watchdog_ms = 0
        self.watchdog_trips = 0
        self.operating = False
        self._last_activity = 0.0

    def hold_line(self, name: str, millivolts: int) -> None:
        """Let a kind of lines stay at a voltage (mV, 0..65,535).

        Raises:
            ValueError: Another line or voltage; nothing has changed.
        """
        if name not in LINES:
            raise ValueError(f"a held line must be one of {', '.join(LINES)}, got {name!r}")
        if not 0 <= millivolts <= 0xFFFF:
            raise ValueError(f"a line can be held at 0..65535 mV, got {millivolts}")
        self.held_lines[name] = millivolts

    def arm(self, watchdog_ms: int, policy: IdlePolicy) -> None:
        """Arm, or replace watchdog and policy."""
        self.armed, self.watchdog_ms, self.idle_policy = True, watchdog_ms, policy

    def make_safe(self) -> None:
        """All lines to ground, disarmed."""
        self.armed, self.watchdog_ms, self.idle_policy = False, 0, IdlePolicy.GROUND

    def note_activity(self) -> None:
        """A valid frame or an operation ended now: the watchdog begins anew."""
        self._last_activity = self._clock.now()

    def refresh(self) -> None:
        """Make the board safe if the watchdog has run out, the interlock is open or the hardware at fault."""
        if not self.armed:
            return
        silence = 0.0 if self.operating else self._clock.now() - self._last_activity
        if self.watchdog_ms and silence > self.watchdog_ms * 1e-3:
            self.watchdog_trips += 1
            self.make_safe()
        elif self.trouble() is not None:
            self.make_safe()

    def trouble(self) -> Status | None:
        """Return what keeps the board from driving its lines, if anything."""
        if self.interlock_open:
            return Status.INTERLOCK
        return None if self._hardware_fault() is None else Status.HW_FAULT

    def check_interlock(self) -> None:
        """Raise ``RefusalError`` if the interlock is open."""
        if self.interlock_open:
            raise RefusalError(Status.INTERLOCK)

    def check_hardware(self) -> None:
        """Raise ``RefusalError`` with reason and value if the hardware is at fault."""
        fault = self._hardware_fault()
        if fault is not None:
            raise RefusalError(Status.HW_FAULT, struct.pack("<Bi", *fault))

    def line_state(self) -> int:
        """Return 0 all at ground, 1 all floating, 2 otherwise."""
        if any(value > HIGHEST_IDLE_MV for value in self.held_lines.values()):
            return 2
        return int(self.idle_policy)

    def line_monitors(self) -> tuple[int, int, int]:
        """Return the greatest voltages in mV over all word, bit and source lines, as the monitors read them."""
        noise = self._noise.integers(-MONITOR_NOISE_MV, MONITOR_NOISE_MV, size=len(LINES), endpoint=True)
        word, bit, source = (
            min(max(self.held_lines.get(name, 0) + offset + int(error), 0), 0xFFFF)
            for name, offset, error in zip(LINES, MONITOR_OFFSET_MV, noise, strict=True)
        )
        return word, bit, source

    def supply_monitor(self) -> int:
        """Return the supply voltage in mV as the monitor reads it: 0..65,535."""
        return int(min(max(self.supply_mv, 0), 0xFFFF))

    def temperature_monitor(self) -> int:
        """Return the temperature in 0.01 degC as the monitor reads it: -32,768..32,767."""
        return round(min(max(self.temperature * 100.0, -0x8000), 0x7FFF))

    def _hardware_fault(self) -> tuple[int, int] | None:
        if not LOWEST_SUPPLY_MV <= self.supply_monitor() <= HIGHEST_SUPPLY_MV:
            return 1, self.supply_monitor()
        if self.temperature_monitor() > HIGHEST_TEMPERATURE_CDEG:
            return 2, self.temperature_monitor()
        worst = max(self.held_lines.values(), default=0)
        return (3, worst) if worst > HIGHEST_IDLE_MV else None
