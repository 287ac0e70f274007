"""The cells of a network under training: what each was read at, which are stuck, and which have moved off.

Nothing here knows of simulated cells or of a board's own table of defects: a cell is stuck when pulses both ways leave
it where it was, and has drifted when it is off what it was read at after its last write by more than cells of its
level scatter.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.capabilities import CellArray, Cells, Floats, Ints, WriteSettings

Mask = NDArray[np.bool_]

STUCK, DRIFTED = 0, 1
SIGMAS = 5.0
"""So many standard deviations of its level off, a cell has drifted; *assumed*."""
PROBE_PULSES, PROBE_READS = 50, 16
"""Pulses each way that show whether a cell moves, and reads averaged for it; *assumed*."""
STILL = 0.02
"""A cell whose current changes by less than this part, and less than two tolerances, did not move; *assumed*."""
SATURATED = 10.0
"""A read that saturates the converter counts as this many times the highest target; *assumed*."""


class Fault(NamedTuple):
    """A cell that fails: kind (`STUCK`, `DRIFTED`), its place, and the currents expected and found, in A."""

    kind: int
    place: int
    expected: float
    found: float


class Written(NamedTuple):
    """(n,) pulses of a write, and whether each cell reached its target."""

    pulses: Ints
    reached: Mask


class CellWatch:
    """Reads and writes cells, and sees which fail. A place is a cell's position in ``cells``.

    Args:
        array: What the cells are in.
        settings: How they are written and read.
        cells: (n,) linear indices of all cells of the network.
        highest: Largest target current, in A.

    Attributes:
        stuck: (n,) cells that pulses do not move; they are written no more.
        last: (n,) currents, in A, as last read.
        found: Faults so far; `take_faults` empties it.
    """

    def __init__(self, array: CellArray, settings: WriteSettings, cells: Cells, highest: float) -> None:
        self.array, self.settings, self.cells = array, settings, cells
        self._most = SATURATED * highest
        self.stuck: Mask = np.zeros(len(cells), np.bool_)
        self.last: Floats = np.zeros(len(cells))
        self._after_write: Floats = np.full(len(cells), np.nan)
        self._bounds: Floats = np.full(len(cells), np.inf)
        self._levels: Floats = np.zeros(1)
        self._sigmas: Floats = np.full(1, np.inf)
        self.found: list[Fault] = []

    def read(self, places: Ints) -> Floats:
        """Return the (n,) currents of ``places``, in A; those that have moved off since their last write are found."""
        currents = self._currents(places, self.settings.averages)
        suspects = places[self._has_moved(places, currents)]
        if len(suspects):
            again = self._currents(suspects, self.settings.averages)
            sure = self._has_moved(suspects, again)
            self._note(DRIFTED, suspects[sure], self._after_write[suspects[sure]], again[sure])
            self._expect(suspects[sure], again[sure])
        fresh = np.isnan(self._after_write[places])
        if fresh.any():
            self._expect(places[fresh], currents[fresh])
        self.last[places] = currents
        return currents

    def write(self, places: Ints, targets: Floats) -> Written:
        """Write ``places`` to (n,) ``targets`` (A); one that misses is probed, and if it moves, written once more."""
        done = Written(np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_))
        self._write(places, targets, np.flatnonzero(~self.stuck[places]), done)
        missed = np.flatnonzero(~done.reached & ~self.stuck[places])
        if len(missed):
            low, high = self._probe(places[missed])
            done.pulses[missed] += 2 * PROBE_PULSES
            still = high - low < np.maximum(2.0 * self.settings.tolerance, STILL * high)
            self.stuck[places[missed[still]]] = True
            self._bounds[places[missed[still]]] = np.inf
            self.last[places[missed[still]]] = high[still]
            self._note(STUCK, places[missed[still]], targets[missed[still]], high[still])
            self._write(places, targets, missed[~still], done)
        return done

    def learn_scatter(self, targets: Floats, known: Mask) -> None:
        """Take from the last reads how far cells of each target scatter about it once they have relaxed.

        Args:
            targets: (n,) currents that all cells were written to, in A.
            known: (n,) cells that reached theirs.
        """
        off = self.last - targets
        self._levels = np.unique(np.round(targets[known], 12))
        groups = [off[known & (np.abs(targets - level) < 1e-12)] for level in self._levels]
        self._sigmas = np.array([_robust_sd(group if len(group) >= 20 else off[known]) for group in groups])
        self._expect(np.flatnonzero(~self.stuck), self.last[~self.stuck])

    def take_faults(self) -> list[Fault]:
        """Return what was found since the last call."""
        found, self.found = self.found, []
        return found

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what `restore` needs."""
        return {
            "stuck": self.stuck, "last": self.last, "after_write": self._after_write, "bounds": self._bounds,
            "levels": self._levels, "sigmas": self._sigmas,
        }  # fmt: skip

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a `state`."""
        self.stuck, self.last, self._after_write = state["stuck"], state["last"], state["after_write"]
        self._bounds, self._levels, self._sigmas = state["bounds"], state["levels"], state["sigmas"]

    def _write(self, places: Ints, targets: Floats, chosen: Ints, done: Written) -> None:
        if len(chosen):
            result = self.array.write_cells(self.cells[places[chosen]], targets[chosen], self.settings)
            done.pulses[chosen] += result.set_pulses + result.reset_pulses
            done.reached[chosen] = result.converged
            self._after_write[places[chosen]] = np.nan

    def _probe(self, places: Ints) -> tuple[Floats, Floats]:
        """Return the currents, in A, after pulses down and after pulses up."""
        found = []
        for pulse in (self.settings.reset_pulse, self.settings.set_pulse):
            self.array.pulse_cells(self.cells[places], pulse, count=PROBE_PULSES)
            found.append(self._currents(places, PROBE_READS))
        return found[0], found[1]

    def _has_moved(self, places: Ints, currents: Floats) -> Mask:
        return np.asarray(np.abs(currents - self._after_write[places]) > self._bounds[places])

    def _expect(self, places: Ints, currents: Floats) -> None:
        """Take what cells were read at first after their last write, and how far off it they may come to be."""
        self._after_write[places] = currents
        self._bounds[places] = SIGMAS * np.interp(currents, self._levels, self._sigmas)

    def _note(self, kind: int, places: Ints, expected: Floats, found: Floats) -> None:
        rows = zip(places.tolist(), expected.tolist(), found.tolist(), strict=True)
        self.found += [Fault(kind, place, before, now) for place, before, now in rows]

    def _currents(self, places: Ints, averages: int) -> Floats:
        read = self.array.read_cells(self.cells[places], voltage=self.settings.read_voltage, averages=averages)
        return np.minimum(read, self._most)


def _robust_sd(values: Floats) -> float:
    """Return the standard deviation of the bulk, whatever the tails are."""
    return float(1.4826 * np.median(np.abs(values - np.median(values)))) if len(values) else float("inf")
