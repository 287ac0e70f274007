"""Inference of the letters U, M, A, S by eight filters and eight neurons (NEURON-I)."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from labctl import array_lines
from labctl.analysis import neuron_array
from labctl.analysis.neuron_array import FILTERS, LETTERS, sub_images
from labctl.array_lines import CALL_TIME, ON_RESISTANCE
from labctl.capabilities import Floats, MultiChannelFastIV
from labctl.errors import ConfigError
from labctl.plots import Plot, Trace
from labctl.protocol import Amps, Count, Plan, Protocol, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOGIC_HIGH = 3.0
"""V of a one on an address line."""
WEIGHT = 100e-6
"""S, for the plan's charge."""
SMALLEST_DEPTH = 0.2
"""Part of the full depth that a pixel keeps whatever the noise; *assumed*."""


class Response(Row):
    """What one neuron did at one sub-image."""

    image: int = column(doc="number of the image, from 0")
    letter: str = column(doc="the letter that it shows")
    noisy: bool = column(doc="whether noise was added")
    position: int = column(doc="which sub-image: 0 and 1 above, 2 and 3 below")
    depth: float = column(doc="mean depth of the sub-image's pixels, 1 without noise")
    filter: int = column(doc="number of the filter and its neuron, from 1")
    fired: bool = column(doc="whether the neuron fired")
    integration: float = column("s", "from the input's begin to the firing; NaN without")
    peak: float = column("A", "largest current out of the network")


class Course(Row):
    """The neurons' currents at the sub-images of the first images without noise."""

    image: int = column(doc="number of the image, from 0")
    position: int = column(doc="which sub-image")
    filter: int = column(doc="number of the filter, from 1")
    time: float = column("s", "time since the input began")
    current: float = column("A", "current out of the network through the neuron")


class PatternInference(Protocol):
    """Cut letters of 4 x 4 pixels into four sub-images, give each to eight filters, and see which neuron fires."""

    name: ClassVar[str] = "pattern-inference"
    title: ClassVar[str] = "Inference of the letters UMAS, 8 x 8"
    source: ClassVar[str] = "NEURON-I: Wang et al., Nat. Electron. 1, 137 (2018), Fig. 5"
    station: ClassVar[str] = "neuron-8x8"
    device: ClassVar[str] = "Crossbar"
    purpose: ClassVar[str] = "Neurons"
    rows: ClassVar[tuple[type[Row], ...]] = (Response, Course)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Response, "filter", "peak", "Largest current of each filter", group="position"),
        Trace(Course, "time", "current", "Current", group="filter", latest=True),
    )

    amplitude: Volts = Field(default=0.8, gt=0.0, le=1.5, description="height of a pixel of full depth")
    noise: float = Field(default=0.25, ge=0.0, le=1.0, description="sd of the noise, in parts of the full depth")
    clean: Count = Field(default=1, le=100, description="cycles of the four letters without noise")
    noisy: int = Field(default=1, ge=0, le=1000, description="cycles of the four letters with noise")
    width: Seconds = Field(default=500e-6, ge=10e-6, le=0.1, description="of the triangle")
    rest: Seconds = Field(default=100e-6, ge=0.0, le=0.1, description="recorded after the triangle")
    fire_level: Amps = Field(default=100e-6, gt=0.0, le=1e-2, description="current above which a neuron has fired")
    sampling: Seconds = Field(default=2e-6, ge=10e-9, le=1e-3, description="between two samples of the currents")

    def plan(self, array: MultiChannelFastIV) -> Plan:
        """Return what a run will do; refuse an array that has not the lines."""
        for kind, count in (("pixel", 4), ("sense", 2), ("address", 2)):
            if len(found := array_lines.names(array, kind)) != count:
                raise ConfigError(f"this needs {count} lines {kind}..., but the station's array has {len(found)}")
        images = (self.clean + self.noisy) * len(LETTERS)
        return Plan(
            duration=images * 16 * (self.width + self.rest + CALL_TIME),
            pulses_per_device=images * 16,
            voltage=max(self.amplitude, LOGIC_HIGH),
            device_voltage=2.0 * self.amplitude,
            current=self.amplitude / ON_RESISTANCE,
            charge=images * 16 * self.amplitude * WEIGHT * self.width,
            work=images,
        )

    def run(self, array: MultiChannelFastIV, rng: np.random.Generator, resume: Step | None = None) -> Steps:
        """Present the images without noise, then those with noise; each image is a step."""
        letters = list(LETTERS) * (self.clean + self.noisy)
        shifts = rng.normal(0.0, self.noise, (len(letters), 4, 4))
        shifts[: self.clean * len(LETTERS)] = 0.0
        for image in range(resume.done if resume else 0, len(letters)):
            depths = np.maximum(1.0 - np.abs(shifts[image]), SMALLEST_DEPTH)
            signs = 2.0 * sub_images(letters[image]) - 1.0
            for position in range(4):
                yield from self._sub_image(array, image, letters[image], position, signs[position] * depths[position])
            yield Step(image + 1, len(letters))

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return whether each sub-image fires its filter alone, and the integration times with and without noise."""
        return neuron_array.inference(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the letters, the neurons that they fire, and the integration times."""
        from labctl.figures.neuron_array import draw_inference

        return draw_inference(run)

    def _sub_image(self, array: MultiChannelFastIV, image: int, letter: str, position: int, pixels: Floats) -> Steps:
        noisy = image >= self.clean * len(LETTERS)
        shape = array_lines.triangle(self.width, self.rest)
        flat = np.ones(len(shape.times))
        sense, address = array_lines.names(array, "sense"), array_lines.names(array, "address")
        for group in range(len(FILTERS) // len(sense)):
            volts = {
                name: self.amplitude * depth * shape.levels
                for name, depth in zip(array_lines.names(array, "pixel"), pixels.tolist(), strict=True)
            }
            volts |= dict.fromkeys(sense, 0.0 * flat)
            volts |= {name: LOGIC_HIGH * (group >> bit & 1) * flat for bit, name in enumerate(address)}
            result = array.measure_lines(
                shape.times, volts, measured=sense, interval=self.sampling, averaging=self.sampling
            )
            for index, name in enumerate(sense):
                number, amps = group * len(sense) + index + 1, -result.currents[name]
                found = array_lines.firing(result.times, amps, self.fire_level)
                yield Response(
                    image=image, letter=letter, noisy=noisy, position=position, filter=number,
                    depth=float(np.abs(pixels).mean()), fired=not np.isnan(found.time), integration=found.time,
                    peak=found.peak,
                )  # fmt: skip
                if image < len(LETTERS):
                    yield Course.block(image=image, position=position, filter=number, time=result.times, current=amps)
