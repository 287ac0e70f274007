"""Pulses, reads, writes and products per second through driver, wire, twin and physics, beside numpy's bare sums.

The bare sums are what the result could be computed with if there were neither instrument nor statistics: one share of
the way to a bound with a normal deviate for a pulse, one product with a normal deviate for a read, one matrix product
for a vector. Fits per second are those of ``fits.py``.
"""

from collections.abc import Callable

import numpy as np
from timing import compare

import labctl
from labctl.capabilities import LinePulse, WriteSettings
from labctl.stations.station import Station
from simulated_instruments.physics.crossbar import Crossbar, LineResistance
from simulated_instruments.physics.rram import RESET_PULSE, SET_PULSE, RramCells

SET = LinePulse(**SET_PULSE._asdict())
RESET = LinePulse(**RESET_PULSE._asdict())
CELLS = np.arange(2048)
LINES = LineResistance(bit_segment=2.0, source_segment=2.0, driver=50.0, sense=50.0)  # Ohm; *assumed*
rng = np.random.default_rng(1)


def pulses(station: Station, turns: int = 10) -> None:
    board, cells, values = station["pe-board"], RramCells(len(CELLS), seed=1), rng.uniform(2e-6, 20e-6, len(CELLS))

    def stack() -> int:
        for turn in range(turns):
            board.pulse_cells(CELLS, RESET if turn % 2 else SET)  # type: ignore[attr-defined]
        return turns * len(CELLS)

    def physics() -> int:
        for turn in range(turns):
            cells.pulse(CELLS, **(RESET_PULSE if turn % 2 else SET_PULSE)._asdict(), now=float(turn))
        return turns * len(CELLS)

    def bare() -> int:
        for turn in range(turns):
            bound, share = (0.8e-6, 0.05) if turn % 2 else (60e-6, 0.012)
            values[:] = np.maximum(values + share * (bound - values) + 0.1e-6 * rng.standard_normal(len(CELLS)), 1e-7)
        return turns * len(CELLS)

    contestants = {"driver, wire, twin, physics": stack, "physics alone": physics, "numpy, bare sums": bare}
    compare("single pulses on 2,048 cells", contestants, "pulses/s")


def reads(station: Station, turns: int = 10) -> None:
    board, cells, values = station["pe-board"], RramCells(len(CELLS), seed=1), rng.uniform(2e-6, 20e-6, len(CELLS))

    def stack() -> int:
        for _ in range(turns):
            board.read_array(0, voltage=0.2)  # type: ignore[attr-defined]
        return turns * len(CELLS)

    def physics() -> int:
        for turn in range(turns):
            cells.current(CELLS, voltage=0.2, averages=1, now=float(turn))
        return turns * len(CELLS)

    def bare() -> int:
        for _ in range(turns):
            np.rint(values * 0.2 * (1.0 + 0.01 * rng.standard_normal(len(CELLS))) / 1e-9)
        return turns * len(CELLS)

    contestants = {"driver, wire, twin, physics": stack, "physics alone": physics, "numpy, bare sums": bare}
    compare("reads of 2,048 cells", contestants, "reads/s")


def writes(station: Station) -> None:
    board, levels = station["pe-board"], np.linspace(2e-6, 20e-6, 32) * 0.2
    settings = WriteSettings(SET, RESET, 50e-9, 500, 0.2, 1)

    def stack() -> int:
        result = board.write_cells(CELLS, rng.choice(levels, len(CELLS)), settings)  # type: ignore[attr-defined]
        return int(result.set_pulses.sum() + result.reset_pulses.sum())

    def bare() -> int:
        done, values, targets = 0, rng.uniform(2e-6, 20e-6, len(CELLS)), rng.choice(levels, len(CELLS)) / 0.2
        active = CELLS
        for _ in range(500):
            error = values[active] * (1.0 + 0.01 * rng.standard_normal(len(active))) - targets[active]
            active, error = active[np.abs(error) > 0.25e-6], error[np.abs(error) > 0.25e-6]
            if not len(active):
                break
            up = error < 0.0
            step = np.where(up, 0.012 * (60e-6 - values[active]), 0.05 * (0.8e-6 - values[active]))
            values[active] += step + 0.1e-6 * rng.standard_normal(len(active))
            done += len(active)
        return done

    compare(
        "verified pulses, closed loop over 2,048 cells",
        {"driver, wire, twin, physics": stack, "numpy, bare sums": bare},
        "pulses/s",
    )


def products(vectors: int = 100) -> None:
    values, inputs = rng.uniform(2e-6, 20e-6, (128, 16)), rng.uniform(0.0, 0.3, (vectors, 16))
    ready = Crossbar(values, LINES)

    def anew() -> int:
        Crossbar(values, LINES).currents(inputs)
        return vectors

    def reused() -> int:
        for _ in range(100):
            ready.currents(inputs)
        return 100 * vectors

    def ideal() -> int:
        for _ in range(100):
            inputs @ values.T
        return 100 * vectors

    contestants: dict[str, Callable[[], int]] = {
        "exact network, factorised each time": anew,
        "exact network, factorisation reused": reused,
        "numpy, no line resistance": ideal,
    }
    rates = compare(f"vectors of a 128 x 16 crossbar, {vectors} at a time", contestants, "vectors/s")
    milliseconds = {name: 1e3 * vectors / rate for name, rate in rates.items()}
    print("  " + "; ".join(f"{name}: {value:.3f} ms" for name, value in milliseconds.items()))


if __name__ == "__main__":
    with labctl.open_station("pe-board", simulate=True, seed=1) as opened:
        pulses(opened)
        reads(opened)
        writes(opened)
    products()
