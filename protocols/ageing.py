"""What retention and read disturb have in common: cells or pairs on levels, read again and again."""

import json
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from labctl.capabilities import ArrayGeometry, CellArray, Cells, Floats, Ints
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.protocol import Count, Plan, Seconds, Siemens, Step, Steps, Wait
from labctl.rows import Block, Row, column
from labctl.weight_layout import consecutive_pairs
from protocols.rram_array import EXPECTED_PULSES, READ_SECONDS, ArrayProtocol, check_array, pair_targets

WRITE_BATCH = 256
"""Cells or pairs of one step while they are written."""


class Written(Row):
    """One write of one cell."""

    time: float = column("s", "time since the run began")
    item: int = column(doc="number of the cell or pair, from 0")
    cell: int = column(doc="linear index of the cell over all arrays")
    target: float = column("A", "target current")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    current: float = column("A", "current at the last verify")


class Reading(Row):
    """One read of one cell, or of one pair as the difference of its cells."""

    time: float = column("s", "time since the run began")
    point: int = column(doc="number of the read, from 0")
    elapsed: float = column("s", "time since the last write and its wait")
    reads: int = column(doc="read pulses since then")
    item: int = column(doc="number of the cell or pair, from 0")
    cell: int = column(doc="linear index of the cell, of a pair that of G+")
    control: bool = column(doc="whether it is left alone between the points")
    level: int = column(doc="number of its level; of a pair 0 is a weight of 0")
    target: float = column("S", "conductance, or difference of a pair, that was written; nan if nothing was")
    value: float = column("S", "conductance, or difference of a pair, that was read")


class Ageing(ArrayProtocol):
    """Cells, or pairs of cells as weights, written to levels drawn at random and then read at points."""

    array: int = Field(default=0, ge=0, description="first array that is used")
    arrays: Count = Field(default=2, description="consecutive arrays that the cells are spread over")
    items: Count = Field(default=936, description="cells, or pairs of cells")
    pairs: bool = Field(default=True, description="weights as differences of two cells, instead of single cells")
    write: bool = Field(default=True, description="write them to levels first, instead of taking them as they are")
    levels: int = Field(default=8, ge=2, le=256, description="levels of a cell; a pair has twice as many, less one")
    lowest: Siemens = Field(default=2.5e-6, gt=0.0, le=1e-3, description="conductance of the lowest level")
    highest: Siemens = Field(default=20e-6, gt=0.0, le=1e-3, description="conductance of the highest level")
    settle: Seconds = Field(default=60.0, ge=0.0, le=2.6e6, description="from the last write to the first read")
    averages: int = Field(default=10, ge=1, le=1000, description="reads averaged for each current")

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        return self

    @property
    def each(self) -> int:
        """Cells of an item."""
        return 2 if self.pairs else 1

    @property
    def step(self) -> float:
        """Distance of two levels, in S."""
        return (self.highest - self.lowest) / (self.levels - 1)

    @property
    def write_steps(self) -> int:
        """Steps of the writing."""
        return -(-self.items // WRITE_BATCH) if self.write else 0

    def cells(self, geometry: ArrayGeometry) -> Cells:
        """Return (items, 1 or 2) linear indices; items are shared out evenly over the arrays.

        Raises:
            ConfigError: They do not fit.
        """
        check_array(geometry, self.array)
        if self.array + self.arrays > geometry.arrays:
            raise ConfigError(
                f"arrays {self.array} to {self.array + self.arrays - 1} are asked for, "
                f"but there are 0 to {geometry.arrays - 1}"
            )
        shares = [len(part) for part in np.array_split(np.arange(self.items), self.arrays)]
        if shares[0] * self.each > geometry.cells_per_array:
            what, needed = "pairs" if self.pairs else "cells", shares[0] * self.each
            raise ConfigError(
                f"{self.items} {what} on {self.arrays} arrays need {needed} cells of each, but an array has "
                f"{geometry.cells_per_array}"
            )
        parts = []
        for number, share in enumerate(shares):
            first = (self.array + number) * geometry.cells_per_array
            single = first + np.arange(share)[:, None]
            parts.append(consecutive_pairs(geometry, self.array + number, share) if self.pairs else single)
        return np.concatenate(parts).astype(np.int64)

    def drawn_levels(self, rng: np.random.Generator) -> Ints:
        """Return the level of each item."""
        most = self.levels - 1
        return rng.integers(-most if self.pairs else 0, most + 1, self.items).astype(np.int64)

    def targets(self, levels: Ints) -> Floats:
        """Return (items, 1 or 2) target conductances, in S."""
        if self.pairs:
            return pair_targets(levels, self.lowest, self.step)
        targets: Floats = np.asarray(self.lowest + self.step * levels, dtype=np.float64)[:, None]
        return targets

    def plan_of(
        self, array: CellArray, *, duration: float, pulses: int, voltage: float, width: float, work: int
    ) -> Plan:
        """Return the plan of the writing and of ``duration`` (s), ``pulses`` of ``voltage`` and ``width`` after it."""
        self.cells(array.geometry)
        cells = self.items * self.each
        writes = (
            array.write_duration(cells, EXPECTED_PULSES, self.write_settings()) + self.settle if self.write else 0.0
        )
        write_pulses = self.pulse_limit if self.write else 0
        across = self.highest_device_voltage if self.write else self.read_voltage
        return Plan(
            duration=writes + duration + cells * self.averages * READ_SECONDS,
            pulses_per_device=write_pulses + pulses,
            voltage=max(self.highest_voltage if self.write else 0.0, self.read_voltage, voltage),
            device_voltage=max(across, voltage),
            current=max(across, voltage) * self.highest,
            charge=write_pulses * across * self.highest * self.widest + pulses * voltage * self.highest * width,
            work=self.write_steps + work,
            conductances=(self.lowest, self.highest) if self.write else None,
        )

    def write_items(
        self, array: CellArray, clock: Clock, cells: Cells, levels: Ints, total: int, already: int
    ) -> Steps:
        """Write the items batch after batch and wait; the last step keeps when that was over."""
        targets: Floats = self.targets(levels) * self.read_voltage
        for number in range(min(already, self.write_steps), self.write_steps):
            part = slice(number * WRITE_BATCH, (number + 1) * WRITE_BATCH)
            chosen, wanted = cells[part].reshape(-1), targets[part].reshape(-1)
            result = array.write_cells(chosen, wanted, self.write_settings())
            items = np.arange(self.items)[part].repeat(self.each)
            yield Written.block(
                time=clock.now(), item=items, cell=chosen, target=wanted,
                pulses=result.set_pulses + result.reset_pulses, converged=result.converged, current=result.currents,
            )  # fmt: skip
            last = number + 1 == self.write_steps
            if last:
                yield Wait(self.settle)
            yield Step(number + 1, total, start_state(clock.now()) if last else b"")

    def read_items(
        self,
        array: CellArray,
        clock: Clock,
        cells: Cells,
        levels: Ints,
        point: int,
        start: float,
        reads: int = 0,
        control: NDArray[np.bool_] | bool = False,
    ) -> Block:
        """Read every item; ``start`` is when settling was over, ``reads`` the pulses of those not in ``control``."""
        currents = array.read_cells(cells.reshape(-1), voltage=self.read_voltage, averages=self.averages)
        signs = np.array([1.0, -1.0])[: self.each]
        targets = self.targets(levels) @ signs if self.write else np.full(self.items, np.nan)
        now = clock.now()
        return Reading.block(
            time=now, point=point, elapsed=now - start, reads=np.where(control, 0, reads), item=np.arange(self.items),
            cell=cells[:, 0], control=control, level=levels if self.write else 0, target=targets,
            value=currents.reshape(-1, self.each) @ signs / self.read_voltage,
        )  # fmt: skip


def start_state(start: float) -> bytes:
    """Return what a step keeps: when the settling was over, in s of the run."""
    return json.dumps({"start": start}).encode()


def start_of(resume: Step | None, clock: Clock) -> float:
    """Return when the settling was over: as a resumed step kept it, or now."""
    if resume is None or not resume.state:
        return clock.now()
    return float(json.loads(resume.state)["start"])
