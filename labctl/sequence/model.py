"""What a sequence file says, checked before anything runs."""

import itertools
import operator
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labctl import plugins
from labctl.errors import ConfigError
from labctl.protocol import Protocol, checked

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_CONDITION = re.compile(r"\s*([\w-]+)\.(\w+)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*")

Point = Mapping[str, Any]
"""One choice of values for the parameters that a sequence goes through."""


class Condition(NamedTuple):
    """``cycle.ratio > 100``: a figure of an earlier stage's analysis against a number."""

    stage: str
    figure: str
    comparison: str
    value: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a condition.

        Raises:
            ValueError: It is none.
        """
        match = _CONDITION.fullmatch(text)
        try:
            value = float(match[4]) if match else None
        except ValueError:
            value = None
        if match is None or value is None:
            raise ValueError(f"{text!r} is no condition; write one like 'cycle.ratio > 100'")
        return cls(match[1], match[2], match[3], value)

    def holds(self, summaries: Mapping[str, Mapping[str, float | int]]) -> bool:
        """Whether the stages before gave this; a stage that was skipped gave nothing, so no condition on it holds.

        Raises:
            ConfigError: The stage has no such figure.
        """
        if self.stage not in summaries:
            return False
        figures = summaries[self.stage]
        if self.figure not in figures:
            raise ConfigError(f"the stage {self.stage!r} has no figure {self.figure!r}; it has {', '.join(figures)}")
        return OPERATORS[self.comparison](float(figures[self.figure]), self.value)


class Stage(BaseModel):
    """One protocol of a sequence.

    Attributes:
        protocol: Short name.
        name: What later conditions call it; the protocol's name if not given.
        parameters: As for ``labctl run --set``.
        when: Conditions, all of which must hold.
        otherwise: What happens when one does not: skip this stage, go on with the next point, or stop the sequence.
        if_failed: The same for a run that fails.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: str
    name: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    when: tuple[str, ...] = ()
    otherwise: Literal["skip", "next", "stop"] = "skip"
    if_failed: Literal["skip", "next", "stop"] = "stop"

    @property
    def label(self) -> str:
        """What conditions call it."""
        return self.name or self.protocol

    def conditions(self) -> list[Condition]:
        """Return ``when``, parsed."""
        return [Condition.parse(text) for text in self.when]

    def made(self, point: Point) -> Protocol:
        """Return the protocol with the stage's parameters and those of ``point`` that it has.

        Raises:
            ConfigError: A parameter is wrong.
        """
        kind: type[Protocol] = plugins.load("protocols", self.protocol)
        chosen = {name: value for name, value in point.items() if name in kind.model_fields}
        return checked(kind, {**self.parameters, **chosen}, f"stage {self.label!r}: ")


class Labels(BaseModel):
    """What goes into every run file of a sequence besides the parameters; the sample is the station's if not given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample: str = ""
    die: str = ""
    device: str = ""
    operator: str = ""
    note: str = ""

    def given(self) -> dict[str, str]:
        """Return those that are not empty, by name."""
        return {name: text for name, text in self if text}


class Sequence(BaseModel):
    """Stages that run one after the other, the whole once for each point of ``each``.

    Attributes:
        station: Shipped station or file; that of the first protocol where not given.
        labels: Sample, die, device, operator and note of every run.
        each: Values by name of a parameter; the points are all combinations, the last name changing fastest.
        stage: The stages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    station: str = ""
    labels: Labels = Labels()
    each: dict[str, list[Any]] = Field(default_factory=dict)
    stage: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        earlier: set[str] = set()
        for stage in self.stage:
            for condition in stage.conditions():
                if condition.stage not in earlier:
                    raise ValueError(f"{condition.stage!r} in a condition of {stage.label!r} is no stage before it")
            if stage.label in earlier:
                raise ValueError(f"two stages are called {stage.label!r}; give each its own name")
            earlier.add(stage.label)
        for name, values in self.each.items():
            if not values:
                raise ValueError(f"each.{name} has no value")
        return self

    def labelled(self, labels: Mapping[str, str]) -> "Sequence":
        """Return the sequence with other labels; those that are empty or not named stay as they are."""
        changed = {**self.labels.given(), **{name: text for name, text in labels.items() if text}}
        return self.model_copy(update={"labels": Labels(**changed)})

    def points(self) -> Iterator[Point]:
        """Yield each combination of the values in ``each``."""
        for values in itertools.product(*self.each.values()):
            yield dict(zip(self.each, values, strict=True))

    def check(self) -> None:
        """Make every protocol once for each point.

        Raises:
            ConfigError: A protocol or a parameter is wrong, or a name in ``each`` is a parameter of no stage.
        """
        kinds = [plugins.load("protocols", stage.protocol) for stage in self.stage]
        for name in self.each:
            if not any(name in kind.model_fields for kind in kinds):
                raise ConfigError(f"each.{name}: no stage has a parameter {name!r}")
        for point in self.points():
            for stage in self.stage:
                stage.made(point)

    def place(self) -> str:
        """Return the station's name or file."""
        return self.station or str(plugins.load("protocols", self.stage[0].protocol).station)


def read_sequence(path: str | Path) -> Sequence:
    """Read and check a sequence file (TOML).

    Raises:
        ConfigError: It cannot be read, or something in it is wrong; names what.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as a sequence: {error}") from error
    sequence = checked(Sequence, values, f"{path}: ")
    sequence.check()
    return sequence
