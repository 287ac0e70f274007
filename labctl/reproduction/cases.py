"""What a paper published and how to measure it: a case is a run, a headline is a figure of the paper."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

Bound = Literal["about", "at least", "at most"]


@dataclasses.dataclass(frozen=True)
class Headline:
    """A published figure, and the figure of a run's summary that is to be it.

    Attributes:
        figure: What it is, in words, with the unit if it has one: ``"drift exponent d, amorphous"``.
        measured: Name of the figure in the summary of the run's analysis.
        published: The paper's value, in the unit of the summary's figure.
        tolerance: How far the mean over the seeds may be off, in the same unit.
        reason: Why this tolerance, in a sentence.
        put_in: The model was calibrated to this figure, so that it is no evidence for the model.
        bound: ``about``: the distance counts either way. ``at least``, ``at most``: only the wrong way.
        note: Where it is known not to hold, why.
    """

    figure: str
    measured: str
    published: float
    tolerance: float
    reason: str
    put_in: bool = False
    bound: Bound = "about"
    note: str = ""

    def holds(self, value: float) -> bool:
        """Whether ``value`` is what the paper says, within the tolerance; a NaN is not."""
        distance = value - self.published
        match self.bound:
            case "about":
                return abs(distance) <= self.tolerance
            case "at least":
                return distance >= -self.tolerance
            case "at most":
                return distance <= self.tolerance


@dataclasses.dataclass(frozen=True)
class Case:
    """One protocol with its parameters, run once for each seed.

    Attributes:
        letters: The paper's protocols as its list names them, such as ``"SSL-D"``.
        protocol: Short name of ours.
        headlines: What the paper published of it.
        parameters: Those that are not at their defaults, as for ``Protocol.from_mapping``.
        with_data: Parameters that take the place of these where a full data set is given.
        station: Shipped station; the protocol's own where empty.
        seeds: Of the runs and of the simulated lab.
    """

    letters: str
    protocol: str
    headlines: tuple[Headline, ...]
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    with_data: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    station: str = ""
    seeds: tuple[int, ...] = (1, 2, 3)
