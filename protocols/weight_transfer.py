"""Transfer of a network's weights onto pairs of cells at 15 levels, and the error that stays (CNN-C)."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from labctl.analysis import weights
from labctl.capabilities import CellArray, Cells, Floats, Ints
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import ArrayMap, CumulativeDistribution, Plot
from labctl.protocol import Note, Plan, Seconds, Siemens, Step, Steps, Wait
from labctl.results import Results
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData
from labctl.weight_layout import LAYERS, Layer
from protocols.rram_array import EXPECTED_PULSES, ArrayProtocol, pair_targets

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Written(Row):
    """One write of one cell."""

    time: float = column("s", "time since the run began")
    cell: int = column(doc="linear index of the cell over all arrays")
    target: float = column("A", "target current")
    pulses: int = column(doc="pulses used")
    converged: bool = column(doc="whether it ended within tolerance")
    current: float = column("A", "current at the last verify")


class Weight(Row):
    """One weight, read after the wait."""

    time: float = column("s", "time since the run began")
    layer: int = column(doc="0 C1, 1 C3, 2 fully connected")
    map_row: int = column(doc="row of the layer's map")
    map_column: int = column(doc="column of the layer's map")
    level: int = column(doc="number of the weight's level; 0 is a weight of 0")
    target: float = column("S", "weight that was wanted, G+ - G-")
    value: float = column("S", "weight that was read")
    positive_cell: int = column(doc="linear index of the cell of G+")
    positive_error: float = column("A", "current minus target of the cell of G+")
    negative_error: float = column("A", "current minus target of the cell of G-")


class WeightTransfer(ArrayProtocol):
    """Write the weights of the paper's network (C1, C3, FC) as pairs of cells, and read every pair after a wait."""

    name: ClassVar[str] = "weight-transfer"
    title: ClassVar[str] = "Transfer of weights at 15 levels"
    source: ClassVar[str] = "CNN-C: Yao et al., Nature 577, 641 (2020), Fig. 3 and Extended Data"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Writing"
    rows: ClassVar[tuple[type[Row], ...]] = (Written, Weight)
    plots: ClassVar[tuple[Plot, ...]] = (
        ArrayMap(Weight, "positive_cell", "value", "Weights as read"),
        CumulativeDistribution(Weight, "value", "level", "Cumulative distribution of each level"),
    )

    weights: str = Field(
        default="",
        description="NumPy file (.npz) with c1 (8, 9), c3 (96, 9), fc (120, 16), scaled to levels; drawn if empty",
    )
    levels: int = Field(default=8, ge=2, le=64, description="levels of a cell; a pair has twice as many, less one")
    lowest: Siemens = Field(default=2.5e-6, gt=0.0, le=1e-3, description="conductance of the lowest level")
    highest: Siemens = Field(default=20e-6, gt=0.0, le=1e-3, description="conductance of the highest level")
    wait: Seconds = Field(default=60.0, ge=0.0, le=2.6e6, description="from the writes of a layer to its reads")

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        return self

    @property
    def step(self) -> float:
        """Distance of two levels, in S."""
        return (self.highest - self.lowest) / (self.levels - 1)

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse a weight file that does not fit."""
        self._chosen_levels(np.random.default_rng(0))
        cells = 2 * sum(layer.rows * layer.columns for layer in LAYERS)
        seconds = array.write_duration(cells, EXPECTED_PULSES, self.write_settings())
        current = self.highest_device_voltage * self.highest
        return Plan(
            duration=seconds + len(LAYERS) * self.wait,
            pulses_per_device=self.pulse_limit,
            voltage=self.highest_voltage,
            device_voltage=self.highest_device_voltage,
            current=current,
            charge=self.pulse_limit * current * self.widest,
            work=len(LAYERS),
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Write and read layer after layer; each is a step."""
        levels = self._chosen_levels(rng)
        for number in range(resume.done if resume else 0, len(LAYERS)):
            layer = LAYERS[number]
            pairs = layer.pairs(array.geometry)
            targets = pair_targets(levels[number], self.lowest, self.step) * self.read_voltage
            result = array.write_cells(pairs.reshape(-1), targets.reshape(-1), self.write_settings())
            yield Written.block(
                time=clock.now(), cell=pairs.reshape(-1), target=targets.reshape(-1),
                pulses=result.set_pulses + result.reset_pulses, converged=result.converged, current=result.currents,
            )  # fmt: skip
            yield Wait(self.wait)
            yield self._read(array, clock, number, pairs, targets, levels[number])
            yield Note(f"{layer.name}: {pairs.shape[0]} x {pairs.shape[1]} weights are written and read")
            yield Step(number + 1, len(LAYERS))

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the errors of cells and weights."""
        return weights.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the maps of weights and the distribution of the errors."""
        from labctl.figures.weights import draw

        return draw(run)

    def _read(self, array: CellArray, clock: Clock, number: int, pairs: Cells, targets: Floats, levels: Ints) -> Block:
        currents = array.read_cells(pairs.reshape(-1), voltage=self.read_voltage, averages=self.averages)
        error = currents.reshape(-1, 2) - targets.reshape(-1, 2)
        difference = currents.reshape(-1, 2) @ np.array([1.0, -1.0]) / self.read_voltage
        rows, columns = np.divmod(np.arange(levels.size), levels.shape[1])
        return Weight.block(
            time=clock.now(), layer=number, map_row=rows, map_column=columns, level=levels.reshape(-1),
            target=levels.reshape(-1) * self.step, value=difference, positive_cell=pairs[..., 0].reshape(-1),
            positive_error=error[:, 0], negative_error=error[:, 1],
        )  # fmt: skip

    def _chosen_levels(self, rng: np.random.Generator) -> list[Ints]:
        """Return each layer's levels, from the file or drawn evenly."""
        most = self.levels - 1
        if not self.weights:
            return [rng.integers(-most, most + 1, (layer.rows, layer.columns)) for layer in LAYERS]
        path = Path(self.weights)
        if not path.is_file():
            raise ConfigError(f"weights: there is no file {self.weights!r}")
        with np.load(path) as arrays:
            return [_quantised(layer, arrays.get(layer.name), most) for layer in LAYERS]


def _quantised(layer: Layer, values: NDArray[np.float64] | None, most: int) -> Ints:
    """Return the levels of a layer's weights, scaled so that the largest gets the last level."""
    if values is None:
        raise ConfigError(f"weights: the file has no array {layer.name!r}")
    if values.shape != (layer.rows, layer.columns):
        raise ConfigError(f"weights: {layer.name} is to be {(layer.rows, layer.columns)}, not {values.shape}")
    largest = float(np.abs(values).max())
    if not np.isfinite(largest):
        raise ConfigError(f"weights: {layer.name} has values that are not finite")
    return np.rint(values / (largest or 1.0) * most).astype(np.int64)
