"""Rows: the typed records that a protocol yields; each type becomes one stream of the run file."""

import dataclasses
import operator
import struct
from typing import Any, ClassVar, dataclass_transform

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labctl.units import UNITS

TEXT_BYTES = 32
"""Room for a text column, in bytes of UTF-8; a longer text is refused, not cut."""

RESERVED = {"analysis", "instrument", "log", "parameters", "sample", "step_state", "steps", "title", "user"}
"""Names that have another meaning in a run file."""

_CODES = {float: ("<f8", "d"), int: ("<i8", "q"), bool: ("?", "?"), str: (f"S{TEXT_BYTES}", f"{TEXT_BYTES}s")}


def column(unit: str = "", doc: str = "", **default: Any) -> Any:
    """Describe one column of a row.

    Args:
        unit: From the closed list of `labctl.units`.
        doc: What it is, for the file and the plot's label.
        default: ``default=...`` where the column has one.
    """
    if unit not in UNITS:
        raise ValueError(f"{unit!r} is not a unit that labctl knows: {', '.join(filter(None, UNITS))}")
    return dataclasses.field(metadata={"unit": unit, "doc": doc}, **default)


@dataclasses.dataclass(frozen=True)
class Column:
    """One column as the run file sees it."""

    name: str
    dtype: str
    unit: str
    doc: str


@dataclass_transform(field_specifiers=(column,))
class Row:
    """A record with units; subclass it with annotated columns of type float, int, bool or str.

    Each subclass has ``stream`` (its name in the file), ``columns`` and ``dtype`` (packed, little-endian).
    """

    stream: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    dtype: ClassVar[np.dtype[Any]]
    _pack: ClassVar[Any]
    _values: ClassVar[Any]
    _has_text: ClassVar[bool]

    def __init_subclass__(cls, *, stream: str = "") -> None:
        dataclasses.dataclass(cls)
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        if len(fields) < 2:
            raise TypeError(f"{cls.__name__} has {len(fields)} columns, but a row has at least two")
        for field in fields:
            if field.type not in _CODES:
                raise TypeError(f"{cls.__name__}.{field.name} is {field.type}, but a column is float, int, bool or str")
        cls.stream = stream or _snake(cls.__name__)
        if cls.stream in RESERVED:
            raise TypeError(f"{cls.__name__}: a stream cannot be called {cls.stream!r}, the run file needs that name")
        kinds = [(field, _CODES[field.type]) for field in fields]  # type: ignore[index]
        cls.columns = tuple(
            Column(f.name, code[0], f.metadata.get("unit", ""), f.metadata.get("doc", "")) for f, code in kinds
        )
        cls.dtype = np.dtype([(c.name, c.dtype) for c in cls.columns])
        cls._pack = struct.Struct("<" + "".join(code[1] for _, code in kinds)).pack
        cls._values = operator.attrgetter(*(field.name for field in fields))
        cls._has_text = any(field.type is str for field in fields)

    def to_bytes(self) -> bytes:
        """Return the row as it stands in ``dtype``.

        Raises:
            ValueError: A text is longer than its column.
        """
        values = self._values(self)
        if self._has_text:
            values = tuple(_text(v) if isinstance(v, str) else v for v in values)
        packed: bytes = self._pack(*values)
        return packed

    @classmethod
    def block(cls, **columns: ArrayLike) -> "Block":
        """Return many rows at once.

        Args:
            columns: One for each column, by name: an (n,) array, or a number that all rows share.

        Raises:
            ValueError: A column is missing, unknown, or of another length.
        """
        names = {c.name for c in cls.columns}
        if columns.keys() != names:
            wrong = ", ".join(sorted(columns.keys() ^ names))
            raise ValueError(f"{cls.__name__} has the columns {', '.join(sorted(names))}; missing or unknown: {wrong}")
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(columns[c.name])) for c in cls.columns))
        rows = np.empty(arrays[0].shape, cls.dtype)
        for c, array in zip(cls.columns, arrays, strict=True):
            rows[c.name] = [_text(str(v)) for v in array] if c.dtype.startswith("S") else array
        return Block(cls, rows)


@dataclasses.dataclass(frozen=True)
class Block:
    """Rows of one type as a structured array of the type's ``dtype``."""

    row_type: type[Row]
    rows: NDArray[Any]


def _text(value: str) -> bytes:
    encoded = value.encode()
    if len(encoded) > TEXT_BYTES:
        raise ValueError(f"the text {value!r} takes {len(encoded)} bytes, but a text column holds {TEXT_BYTES}")
    return encoded


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
