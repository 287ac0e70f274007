"""The protocol: a measurement as a frozen, validated description plus a generator that a runner or a script drives."""

import dataclasses
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar, get_args, get_origin

import pydantic
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import core_schema

from labctl.errors import ConfigError
from labctl.plots import Plot
from labctl.results import Results
from labctl.rows import Block, Row
from labctl.units import Unit, format_duration, format_quantity, parse_cells, parse_quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.runfile.reader import RunData


@dataclasses.dataclass(frozen=True)
class In:
    """Marks a parameter as a quantity: ``Annotated[float, In("V")]`` takes ``0.2``, ``"0.2 V"`` and ``"200m"``."""

    unit: Unit

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._parse, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: pydantic.GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "unit": self.unit}

    def _parse(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse_quantity(value, self.unit)
        except ConfigError as error:
            raise ValueError(str(error)) from error


Volts = Annotated[float, In("V"), Field(allow_inf_nan=False)]
Amps = Annotated[float, In("A"), Field(allow_inf_nan=False)]
Siemens = Annotated[float, In("S"), Field(allow_inf_nan=False)]
Ohms = Annotated[float, In("ohm"), Field(allow_inf_nan=False)]
Seconds = Annotated[float, In("s"), Field(allow_inf_nan=False)]
Farads = Annotated[float, In("F"), Field(allow_inf_nan=False)]
Count = Annotated[int, In(""), Field(ge=1)]


@dataclasses.dataclass(frozen=True)
class InCells:
    """Marks a parameter as cells of an array, chosen on the map or written as ``"0-15, 32, 64-127/2"``."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_parse_cells, handler(source))


CellList = Annotated[tuple[Annotated[int, Field(ge=0)], ...], InCells()]
"""Cells by linear index within their array, each once."""


def _parse_cells(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = parse_cells(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
    if isinstance(value, (list, tuple)) and len(set(value)) != len(value):
        raise ValueError("each cell is to be named once")
    return value


@dataclasses.dataclass(frozen=True)
class Wait:
    """Let time pass on the station's clock; the runner waits, and can be interrupted."""

    seconds: float


@dataclasses.dataclass(frozen=True)
class Step:
    """So much is done: progress, remaining time and the point that a crashed run is resumed from.

    Attributes:
        done: Units of work done.
        total: Units of work in all.
        state: What the generator needs to go on from here, if ``done`` is not enough (bytes of its own making).
    """

    done: int
    total: int
    state: bytes = b""


@dataclasses.dataclass(frozen=True)
class Note:
    """A line for the run's log."""

    text: str


Item = Row | Block | Wait | Step | Note
Steps = Generator[Item, None, None]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run will do, known before anything is touched.

    Attributes:
        duration: Estimated time on the station's clock, in s.
        pulses_per_device: Most programming pulses that one device can get.
        voltage: Highest voltage on any line, in V.
        current: Highest current through a device, in A.
        charge: Most charge through one device, in C, all pulses together.
        work: What ``Step.total`` will be.
        device_voltage: Highest voltage across a device, in V; the lines' highest where it is not given.
        conductances: Lowest and highest conductance that cells are written to, in S.
    """

    duration: float
    pulses_per_device: int
    voltage: float
    current: float
    charge: float
    work: int
    device_voltage: float | None = None
    conductances: tuple[float, float] | None = None

    def describe(self) -> dict[str, str]:
        """Return each figure in words, by name."""
        window = self.conductances
        return {
            "estimated duration": format_duration(self.duration),
            "pulses per device": f"at most {self.pulses_per_device:,}",
            "highest voltage": format_quantity(self.voltage, "V", 4),
            "highest current": format_quantity(self.current, "A", 4),
            "charge per device": "at most " + format_quantity(self.charge, "C", 3),
            **({"conductances": " to ".join(format_quantity(g, "S", 4) for g in window)} if window else {}),
        }


class Protocol(BaseModel):
    """A measurement: the form, the TOML, the HDF5 attributes and the thing that runs.

    A subclass adds parameters as fields, and a generator ``run(self, <instruments by capability>, ...)``. What it can
    ask for, by annotation: capabilities of `labctl.capabilities`, a `labctl.clock.Clock`, a
    ``numpy.random.Generator`` seeded with the run's seed, and ``resume: Step | None``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    """Short name, as the command line and files know it."""
    title: ClassVar[str]
    source: ClassVar[str]
    """The paper and the protocol's letter in it."""
    station: ClassVar[str] = "pe-board"
    """The shipped station that has what it needs; taken where no station is named."""
    device: ClassVar[str]
    """What it measures, such as ``PCM cell``; protocols are listed by it."""
    purpose: ClassVar[str]
    """What it is for, such as ``Retention``; protocols are listed by it within a device."""
    keeps_devices: ClassVar[bool] = False
    """Whether each step keeps the state of simulated devices, so that a resumed run is the unbroken one bit for bit.

    Real devices keep their own state. Worth its megabytes where thousands of updates build on each other."""
    rows: ClassVar[tuple[type[Row], ...]]
    plots: ClassVar[tuple[Plot, ...]] = ()

    @pydantic.model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: Any) -> Any:
        """Take several values as one text with commas, as a command line gives them."""
        if not isinstance(values, dict):
            return values
        listed = [
            name
            for name, field in cls.model_fields.items()
            if get_origin(field.annotation) in {tuple, list} and not is_cell_list(field)
        ]
        return values | {
            name: [part.strip() for part in values[name].strip("[]() ").split(",") if part.strip()]
            for name in listed
            if isinstance(values.get(name), str)
        }

    def plan(self, *args: Any, **instruments: Any) -> Plan:
        """Return what a run will do; raise `LimitError` or `ConfigError` for what it cannot do.

        Args:
            args: None; a subclass names its instruments.
            instruments: The drivers that ``run`` will get, by the same names; they may be unopened.
        """
        raise TypeError(f"{type(self).__name__} has no plan")

    @classmethod
    def analyse(cls, run: "RunData") -> Results:
        """Return what the rows of ``run`` mean; needs no instrument and can be repeated offline. By default nothing."""
        return Results({})

    @classmethod
    def figure(cls, run: "RunData") -> "Figure":
        """Draw the run as its paper does.

        Raises:
            ConfigError: The protocol has no figure.
        """
        raise ConfigError(f"{cls.name} has no figure")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Make the protocol from plain values, such as a TOML table or the command line's.

        Raises:
            ConfigError: Names each wrong parameter, what was given and what would be right.
        """
        return checked(cls, values, f"{cls.name}: ")


_M = TypeVar("_M", bound=BaseModel)


def checked(model: type[_M], values: Mapping[str, Any], where: str) -> _M:
    """Validate ``values`` as ``model``; say what is wrong in the user's words.

    Raises:
        ConfigError: One line for each wrong value, each beginning with ``where``.
    """
    try:
        return model.model_validate(dict(values))
    except pydantic.ValidationError as error:
        raise ConfigError("\n".join(where + words for _, words in complaints(model, error))) from None


def complaints(model: type[BaseModel], error: pydantic.ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Return what is wrong in the user's words, each with the place in ``model`` that it is about; () for the whole."""
    return [(detail["loc"], _complaint(model, detail)) for detail in error.errors()]


def _complaint(model: type[BaseModel], detail: Any) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _field_names(model, detail["loc"][:-1])
        return f"{path!r} is not known; there are {', '.join(known)}" if known else f"{path!r} is not known"
    if detail["type"] == "missing":
        return f"{path!r} is missing"
    unit = _unit_of(model, detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    bounds = detail.get("ctx", {})
    for key, words in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below")):
        if key in bounds:
            given = detail["input"]
            shown = given if isinstance(given, str) else format_quantity(float(given), unit)
            return f"{path} is {shown}, but must be {words} {format_quantity(float(bounds[key]), unit)}"
    return f"{path}: {message}" if path else message


def _nested(model: type[BaseModel], loc: tuple[Any, ...]) -> type[BaseModel] | None:
    """Return the model that ``loc`` leads to, through models and tables of models."""
    current: Any = model
    for part in loc:
        if get_origin(current) is dict:
            current = get_args(current)[1]
        elif isinstance(current, type) and issubclass(current, BaseModel) and part in current.model_fields:
            current = current.model_fields[str(part)].annotation
        else:
            return None
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _field_names(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    owner = _nested(model, loc)
    return list(owner.model_fields) if owner else []


def _unit_of(model: type[BaseModel], loc: tuple[Any, ...]) -> str:
    owner = _nested(model, loc[:-1])
    field = owner.model_fields.get(str(loc[-1])) if owner and loc else None
    return unit_of(field) if field else ""


def unit_of(field: pydantic.fields.FieldInfo) -> str:
    """Return the unit of a parameter, empty where it has none."""
    return next((mark.unit for mark in field.metadata if isinstance(mark, In)), "")


def is_cell_list(field: pydantic.fields.FieldInfo) -> bool:
    """Return whether a parameter is a list of cells."""
    return any(isinstance(mark, InCells) for mark in field.metadata)
