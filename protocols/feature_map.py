"""Feature maps of sounds: a waveform as RESET pulses, and the conductance after each of them (DDK-C)."""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from labctl import sounds
from labctl.analysis import feature_map
from labctl.capabilities import CellArray, Cells, Floats
from labctl.clock import Clock
from labctl.errors import StateError
from labctl.plots import Plot, Trace
from labctl.protocol import Count, Note, Ohms, Plan, Seconds, Step, Steps, Volts
from labctl.results import Results
from labctl.rows import Row, column
from labctl.runfile.reader import RunData
from labctl.sounds import CALLS, Call
from protocols.reset_trains import ResetTrains

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Point(Row):
    """One read of one cell; number 0 of an utterance is the read before its first pulse."""

    time: float = column("s", "time at the end of the utterance")
    sound: int = column(doc="number of the sound, from 0")
    name: str = column(doc="the sound: a synthetic call, or the file")
    utterance: int = column(doc="number of the utterance in the sound, from 0")
    train: int = column(doc="number of the utterance over all sounds")
    cell: int = column(doc="linear index of the cell over all arrays")
    ready: bool = column(doc="whether the initial resistance was reached")
    pulse: int = column(doc="pulses so far")
    input: float = column(doc="x of the next pulse, 0 to 1; 0 after the last")
    amplitude: float = column("V", "amplitude of the next pulse; 0 after the last")
    conductance: float = column("S", "conductance")


class FeatureMap(ResetTrains):
    """Turn sounds into RESET pulses, utterance by utterance from a fresh filament, and map the conductance."""

    name: ClassVar[str] = "feature-map"
    title: ClassVar[str] = "Feature maps of sounds"
    source: ClassVar[str] = "DDK-C: Nat. Commun. 16, 913 (2025), maps of whale sounds"
    station: ClassVar[str] = "ddk-array"
    device: ClassVar[str] = "RRAM array"
    purpose: ClassVar[str] = "Kinetics"
    rows: ClassVar[tuple[type[Row], ...]] = (Point,)
    plots: ClassVar[tuple[Plot, ...]] = (
        Trace(Point, "pulse", "conductance", "Utterance at hand", group="train", latest=True),
        Trace(Point, "pulse", "amplitude", "Its pulses", group="train", latest=True),
    )

    calls: tuple[Call, ...] = Field(
        default=CALLS, min_length=1, description="synthetic calls in the manner of whales; not used with a file"
    )
    file: str = Field(default="", description="WAV file, first channel, instead of the synthetic calls")
    signal: Literal["waveform", "magnitude"] = Field(
        default="waveform", description="what is averaged: the samples, as in the paper, or their magnitude"
    )
    utterances: Count = Field(default=8, description="parts of a sound")
    samples: Count = Field(default=6000, description="samples of an utterance")
    pooling: Count = Field(default=60, description="samples that are averaged for one pulse")
    lowest_amplitude: Volts = Field(default=2.0, gt=0.0, le=4.0, description="of the pulse for input 0")
    highest_amplitude: Volts = Field(default=3.0, gt=0.0, le=4.0, description="of the pulse for input 1")
    width: Seconds = Field(default=100e-9, gt=0.0, le=1e-3, description="of the pulses")
    initial_resistance: Ohms = Field(default=5e3, gt=0.0, le=1e6, description="at the beginning of each utterance")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.samples % self.pooling:
            raise ValueError(f"samples ({self.samples}) must be a multiple of pooling ({self.pooling})")
        if self.samples // self.pooling < 5:
            raise ValueError("an utterance must have at least 5 pulses: samples / pooling")
        if self.lowest_amplitude >= self.highest_amplitude:
            raise ValueError("lowest_amplitude must be below highest_amplitude")
        self._check_resistance(self.initial_resistance)
        return self

    @property
    def pulses(self) -> int:
        """Pulses of an utterance."""
        return self.samples // self.pooling

    def inputs(self) -> tuple[list[str], Floats]:
        """Return the sounds' names, and their inputs x (sounds, utterances, pulses) in 0..1.

        Raises:
            ConfigError: The file cannot be used.
        """
        length = self.utterances * self.samples
        if self.file:
            names, waves = [self.file.replace("\\", "/").rpartition("/")[2]], [sounds.read_wav(self.file, length)]
        else:
            names = [f"synthetic {call} whale" for call in self.calls]
            waves = [sounds.synthetic_call(call, length) for call in self.calls]
        if self.signal == "magnitude":
            waves = [np.abs(wave) for wave in waves]
        return names, np.array([sounds.pooled(wave, self.utterances, self.pooling) for wave in waves])

    def plan(self, array: CellArray) -> Plan:
        """Return what a run will do; refuse a sound, an array, cells or pulses that cannot be."""
        trains = len(self.inputs()[0]) * self.utterances
        pulse = self.train_pulse(self.highest_amplitude, self.width)
        return self._plan_trains(array, trains, self.pulses, [pulse], [self.initial_resistance])

    def run(self, array: CellArray, rng: np.random.Generator, clock: Clock, resume: Step | None = None) -> Steps:
        """Go through sounds and utterances; an utterance on all cells is a step."""
        cells = self._chosen(array, rng)
        names, inputs = self.inputs()
        print_of = sounds.fingerprint([inputs])
        if resume is not None and resume.state != print_of:
            raise StateError("the sound is another than when the run was begun, so the run cannot go on")
        total = len(names) * self.utterances
        for done in range(0 if resume is None else resume.done, total):
            sound, utterance = divmod(done, self.utterances)
            if not utterance:
                yield Note(f"sound {sound + 1} of {len(names)}: {names[sound]}")
            yield from self._utterance(array, clock, cells, names[sound], sound, utterance, inputs[sound, utterance])
            yield Step(done + 1, total, print_of)

    @classmethod
    def analyse(cls, run: RunData) -> Results:
        """Return the maps, alpha and beta of each utterance, and how far the sounds are apart."""
        return feature_map.analyse(run)

    @classmethod
    def figure(cls, run: RunData) -> "Figure":
        """Draw the map of each sound."""
        from labctl.figures.feature_map import draw

        return draw(run)

    def _utterance(
        self, array: CellArray, clock: Clock, cells: Cells, name: str, sound: int, utterance: int, inputs: Floats
    ) -> Steps:
        start = self._prepare(array, cells, self.initial_resistance)
        span = self.highest_amplitude - self.lowest_amplitude
        amplitudes = np.round(self.lowest_amplitude + span * inputs, 3)  # the board sets millivolts
        pulses = [self.train_pulse(amplitude, self.width) for amplitude in amplitudes.tolist()]
        conductances = self._train(array, cells, pulses)
        points = self.pulses + 1
        yield Point.block(
            time=clock.now(), sound=sound, name=np.full(points * self.cells, _short(name)), utterance=utterance,
            train=sound * self.utterances + utterance, cell=np.repeat(cells, points),
            ready=np.repeat(start.ready, points), pulse=np.tile(np.arange(points), self.cells),
            input=np.tile(np.append((amplitudes - self.lowest_amplitude) / span, 0.0), self.cells),
            amplitude=np.tile(np.append(amplitudes, 0.0), self.cells),
            conductance=conductances.ravel(),
        )  # fmt: skip


def _short(name: str) -> str:
    """Return the name as a text column takes it: 32 bytes at most."""
    return name.encode()[:32].decode(errors="ignore")
