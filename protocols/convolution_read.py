"""A convolution layer read in one go: bit-serial inputs, all kernels in parallel, differential currents (CNN-I)."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from labctl.analysis import convolution
from labctl.capabilities import Floats, Ints, MultiplyingArray
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.plots import CumulativeDistribution, Plot, Trace
from labctl.protocol import Note, Plan, Seconds, Siemens, Step, Steps, Wait
from labctl.results import Results
from labctl.rows import Block, Row, column
from labctl.runfile.reader import RunData
from labctl.weight_layout import LAYERS
from protocols.rram_array import EXPECTED_PULSES, ArrayProtocol, pair_targets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KERNEL = 3
SIDE = 28
"""Pixels along each side of the input, as in the paper's network."""
VECTORS = 64
"""Input vectors of one step."""
INTERVAL_SECONDS = 40e-6
"""Of one 1-bit interval of one vector, for the estimate of the duration; *assumed*."""


class Kernel(Row):
    """One weight of one kernel, its cells read one by one."""

    kernel: int = column(doc="number of the kernel")
    place: int = column(doc="place in the kernel, row by row")
    level: int = column(doc="number of the weight's level; 0 is a weight of 0")
    weight: float = column("S", "G+ - G- as read cell by cell")


class Sum(Row):
    """One weighted sum of one kernel over one patch of the input."""

    time: float = column("s", "time since the run began")
    patch: int = column(doc="number of the patch, row by row over the output")
    kernel: int = column(doc="number of the kernel")
    positive: float = column("A", "bit-weighted current of the row of G+, inputs scaled to 1")
    negative: float = column("A", "bit-weighted current of the row of G-, inputs scaled to 1")
    difference: float = column("A", "positive minus negative")
    expected: float = column("A", "the same from the cells as read one by one")


class ConvolutionRead(ArrayProtocol):
    """Write 3 x 3 kernels as pairs of rows, feed every patch of an image bit by bit, and compare with single reads."""

    name: ClassVar[str] = "convolution-read"
    title: ClassVar[str] = "Convolution with bit-serial inputs"
    source: ClassVar[str] = "CNN-I: Yao et al., Nature 577, 641 (2020), Fig. 2 and Methods"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Reading"
    rows: ClassVar[tuple[type[Row], ...]] = (Kernel, Sum)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Sum, "expected", "difference", "Sums against single reads", group="kernel"),
        CumulativeDistribution(Sum, "difference", "kernel", "Sums of each kernel"),
    )

    image: str = Field(default="", description="NumPy file (.npy) with 28 x 28 numbers, scaled; drawn shapes if empty")
    bits: int = Field(default=8, ge=1, le=8, description="bits of an input, one interval for each")
    levels: int = Field(default=8, ge=2, le=64, description="levels of a cell; a pair has twice as many, less one")
    lowest: Siemens = Field(default=2.5e-6, gt=0.0, le=1e-3, description="conductance of the lowest level")
    highest: Siemens = Field(default=20e-6, gt=0.0, le=1e-3, description="conductance of the highest level")
    wait: Seconds = Field(default=60.0, ge=0.0, le=2.6e6, description="from the writes to the reads")
    averages: int = Field(default=100, ge=1, le=1000, description="reads averaged where cells are read one by one")

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest ({self.lowest:g} S) must be below highest ({self.highest:g} S)")
        return self

    def codes(self) -> Ints:
        """Return the (patches, 9) inputs of ``bits`` bits.

        Raises:
            ConfigError: There is no such image, or it is of another size.
        """
        image = self._image()
        scaled = np.rint((image - image.min()) / (np.ptp(image) or 1.0) * (2**self.bits - 1)).astype(np.int64)
        windows = np.lib.stride_tricks.sliding_window_view(scaled, (KERNEL, KERNEL))
        codes: Ints = windows.reshape(-1, KERNEL * KERNEL)
        return codes

    def plan(self, array: MultiplyingArray) -> Plan:
        """Return what a run will do; refuse an image that does not fit."""
        patches = len(self.codes())
        cells = LAYERS[0].pairs(array.geometry).size
        across = self.highest_device_voltage
        intervals = patches * self.bits
        return Plan(
            duration=array.write_duration(cells, EXPECTED_PULSES, self.write_settings())
            + self.wait
            + intervals * INTERVAL_SECONDS,
            pulses_per_device=self.pulse_limit + intervals,
            voltage=self.highest_voltage,
            device_voltage=across,
            current=across * self.highest,
            charge=self.pulse_limit * across * self.highest * self.widest,
            work=1 + self._vector_steps(patches),
            conductances=(self.lowest, self.highest),
        )

    def run(self, array: MultiplyingArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Write and read the kernels as the first step, then feed the patches in steps of 64."""
        layer, codes = LAYERS[0], self.codes()
        pairs = layer.pairs(array.geometry)
        levels = rng.integers(1 - self.levels, self.levels, pairs.shape[:2])
        already, total = resume.done if resume else 0, 1 + self._vector_steps(len(codes))
        if not already:
            targets: Floats = pair_targets(levels, self.lowest, self._step) * self.read_voltage
            array.write_cells(pairs.reshape(-1), targets.reshape(-1), self.write_settings())
            yield Wait(self.wait)
        currents = array.read_cells(pairs.reshape(-1), voltage=self.read_voltage, averages=self.averages)
        weights = currents.reshape(pairs.shape) @ np.array([1.0, -1.0]) / self.read_voltage
        if not already:
            yield self._kernels(levels, weights)
            yield Note(f"{len(weights)} kernels are written; {len(codes)} patches of {self.bits} bits follow")
            yield Step(1, total)
        for number in range(max(already - 1, 0), total - 1):
            part = slice(number * VECTORS, (number + 1) * VECTORS)
            yield self._sums(array, clock, codes[part], part.start, weights)
            yield Step(number + 2, total)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return how near the sums are to those of single reads."""
        return convolution.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the feature maps and the sums against those of single reads."""
        from labctl.figures.convolution import draw

        return draw(run)

    @property
    def _step(self) -> float:
        return (self.highest - self.lowest) / (self.levels - 1)

    def _vector_steps(self, patches: int) -> int:
        return -(-patches // VECTORS)

    def _kernels(self, levels: Ints, weights: Floats) -> Block:
        kernel, place = np.divmod(np.arange(levels.size), levels.shape[1])
        return Kernel.block(kernel=kernel, place=place, level=levels.reshape(-1), weight=weights.reshape(-1))

    def _sums(self, array: MultiplyingArray, clock: Clock, codes: Ints, first: int, weights: Floats) -> Block:
        geometry, kernels = array.geometry, len(weights)
        inputs = np.zeros((len(codes), geometry.columns), dtype=np.int64)
        inputs[:, : codes.shape[1]] = codes
        rows = np.arange(2 * kernels)
        scale = float(2**self.bits - 1)
        sums = array.multiply(0, rows, inputs, bits=self.bits, voltage=self.read_voltage) / scale
        expected = codes / scale @ weights.T * self.read_voltage
        patch, kernel = np.divmod(np.arange(len(codes) * kernels), kernels)
        positive, negative = sums[:, 0::2].reshape(-1), sums[:, 1::2].reshape(-1)
        return Sum.block(
            time=clock.now(), patch=first + patch, kernel=kernel, positive=positive, negative=negative,
            difference=positive - negative, expected=expected.reshape(-1),
        )  # fmt: skip

    def _image(self) -> NDArray[np.float64]:
        if not self.image:
            return drawn_image()
        path = Path(self.image)
        if not path.is_file():
            raise ConfigError(f"image: there is no file {self.image!r}")
        image = np.asarray(np.load(path), dtype=np.float64)
        if image.shape != (SIDE, SIDE) or not np.isfinite(image).all():
            raise ConfigError(f"image: {SIDE} x {SIDE} finite numbers are wanted, {self.image!r} is {image.shape}")
        return image


def drawn_image() -> NDArray[np.float64]:
    """Return a (28, 28) image of a ring with a bar through it, soft at the edges: a stand-in for a digit."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2.0
    ring = np.exp(-(((np.hypot(x, y * 0.8) - 7.0) / 1.6) ** 2))
    bar = np.exp(-(((x - 0.6 * y) / 1.3) ** 2)) * (np.abs(y) < 10.0)
    image: NDArray[np.float64] = np.clip(ring + bar, 0.0, 1.0)
    return image
