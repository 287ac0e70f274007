"""The closed loop of WRITE_CELLS and WRITE_TRACED, cell by cell. Source: docs/pe-board-wire.md, section 8."""

from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

import numpy as np

from simulated_instruments.pe_board_firmware.arguments import Arguments
from simulated_instruments.pe_board_firmware.cell_operations import pulse, read
from simulated_instruments.pe_board_firmware.codes import NOT_MEASURED, T_PULSE, T_READ
from simulated_instruments.pe_board_firmware.layouts import RESET, SET
from simulated_instruments.pe_board_firmware.machine import Machine, Run
from simulated_instruments.physics.rram import PulseLines, WriteOutcome

CONVERGED, LIMIT_REACHED, NOT_FINISHED = 0, 1, 2
#: Rounds. A cell that may take longer is written pulse by pulse, so that it can be stopped in the middle.
LONGEST_STRETCH = 10


class Polarity(NamedTuple):
    """One kind of pulse of the request, in mV and ns."""

    word: int
    bit: int
    source: int
    width: int

    @property
    def seconds(self) -> float:
        """The time that the pulse takes."""
        return self.width * 1e-9 + T_PULSE

    def lines(self) -> PulseLines:
        """Return it in V and s."""
        return PulseLines(self.word * 1e-3, self.bit * 1e-3, self.source * 1e-3, self.width * 1e-9)


class WriteSettings(TypedDict):
    """What the physics' loop takes besides the cells and their windows."""

    pulse_limit: int
    set_pulse: PulseLines
    reset_pulse: PulseLines
    voltage: float
    averages: int
    now: float
    pulse_time: float
    read_time: float


@dataclass
class Result:
    """What happened to one cell; ``trace`` holds (kind of what came before, pA) of each read."""

    sets: int = 0
    resets: int = 0
    outcome: int = NOT_FINISHED
    current: int = NOT_MEASURED
    trace: list[tuple[int, int]] = field(default_factory=list)


class Write:
    """One WRITE request at work."""

    def __init__(self, machine: Machine, arguments: Arguments, run: Run) -> None:
        self._machine, self._arguments, self._run = machine, arguments, run
        self.set = Polarity(*(arguments[f"set_{name}"] for name in ("word_mv", "bit_mv", "source_mv", "width_ns")))
        self.reset = Polarity(*(arguments[f"reset_{name}"] for name in ("word_mv", "bit_mv", "source_mv", "width_ns")))
        self.read_time = arguments["averages"] * T_READ
        self.limit = arguments["pulse_limit"]
        self.longest_pulse = max(self.set.seconds, self.reset.seconds)
        self.cell_time = self.limit * self.longest_pulse + (self.limit + 1) * self.read_time

    def chunk_size(self) -> int:
        """Return how many cells the compiled loop may write at a stretch, 0 if even one could take too long."""
        return int(LONGEST_STRETCH * self._run.round_time / self.cell_time)

    def compiled(self) -> bool:
        """Return whether the physics' own loop can do it: usual polarities, a real read, cells of a short time."""
        return (
            self._arguments["read_mv"] > 0
            and self.set.bit > self.set.source
            and self.reset.bit < self.reset.source
            and self.chunk_size() > 0
        )

    def chunk(self, cells: list[int], targets: list[int]) -> list[Result]:
        """Write cells in the compiled loop, each beginning at the chunk's beginning."""
        windows = [self._window(target) for target in targets]
        outcome = self._machine.cells.write(
            np.array(cells),
            np.array([middle for middle, _ in windows]),
            tolerance=np.array([half for _, half in windows]),
            **self._settings(),
        )
        return self._results(outcome)

    def traced(self, cell: int, target: int) -> Result:
        """Write one cell in the compiled loop and keep its reads."""
        middle, half = self._window(target)
        outcome, reads, kinds = self._machine.cells.write_traced(cell, middle, tolerance=half, **self._settings())
        (result,) = self._results(outcome)
        currents = self._machine.fine.averaged(reads, self._arguments["averages"])
        result.trace = [(int(kind), current) for kind, current in zip(kinds, currents, strict=True)]
        return result

    def step_by_step(self, cell: int, target: int) -> Result:
        """Write one cell pulse by pulse; ends early when the run is interrupted."""
        result = Result()
        kind = 0
        while not self._run.interrupted():
            (current,) = read(
                self._machine, [cell], self._arguments["read_mv"], self._arguments["averages"], self._run.now
            )
            self._run.spend(self.read_time)
            result.current = current
            result.trace.append((kind, current))
            if abs(current - target) <= self._arguments["tolerance_pa"]:  # OVERRANGE is beyond any target
                result.outcome = CONVERGED
                return result
            if result.sets + result.resets == self.limit:
                result.outcome = LIMIT_REACHED
                return result
            if self._run.interrupted():
                return result
            kind = SET if current < target else RESET
            self._pulse(cell, kind, result)
        if kind:
            result.trace.append((kind, NOT_MEASURED))
        return result

    def _pulse(self, cell: int, kind: int, result: Result) -> None:
        polarity = self.set if kind == SET else self.reset
        pulse(self._machine, [cell], polarity, self._run.now, is_set=kind == SET)
        self._run.spend(polarity.seconds)
        result.sets += kind == SET
        result.resets += kind == RESET

    def _window(self, target: int) -> tuple[float, float]:
        arguments = self._arguments
        return self._machine.fine.window(target, arguments["tolerance_pa"], arguments["averages"])

    def _settings(self) -> WriteSettings:
        return WriteSettings(
            pulse_limit=self.limit,
            set_pulse=self.set.lines(),
            reset_pulse=self.reset.lines(),
            voltage=self._arguments["read_mv"] * 1e-3,
            averages=self._arguments["averages"],
            now=self._run.now,
            pulse_time=self.longest_pulse,
            read_time=self.read_time,
        )

    def _results(self, outcome: WriteOutcome) -> list[Result]:
        sets, resets = int(outcome.set_pulses.sum()), int(outcome.reset_pulses.sum())
        reads = sets + resets + outcome.set_pulses.size
        counters = self._machine.counters
        counters.set_pulses += sets
        counters.reset_pulses += resets
        counters.reads += reads * self._arguments["averages"]
        self._run.spend(reads * self.read_time + sets * self.set.seconds + resets * self.reset.seconds)
        currents = self._machine.fine.averaged(outcome.currents, self._arguments["averages"])
        return [
            Result(int(a), int(b), CONVERGED if good else LIMIT_REACHED, current)
            for a, b, good, current in zip(
                outcome.set_pulses, outcome.reset_pulses, outcome.converged, currents, strict=True
            )
        ]
