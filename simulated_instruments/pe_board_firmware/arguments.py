"""Reading a request's payload by a table: lengths, bounds, lists and repeats, in the order of section 4.

Source: docs/pe-board-wire.md, section 4 (order of checks, steps 5 to 9) and section 7 (payloads of the refusals).
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulated_instruments.pe_board_firmware.codes import Feature, RefusalError, Status

NO_INDEX = 0xFFFF
Numbers = Mapping[str, int]


class Range(NamedTuple):
    """Values from ``minimum`` in steps of ``step``."""

    minimum: int
    maximum: int
    step: int = 1


class Choice(NamedTuple):
    """One of these and nothing else."""

    values: frozenset[int]


ANY = Range(-(2**63), 2**63 - 1)
Rule = Range | Choice | Callable[[Numbers], Range | Choice]


class Field(NamedTuple):
    """One number: its name, its ``struct`` letter, and its bounds, which may depend on the numbers before it."""

    name: str
    code: str
    rule: Rule
    is_count: bool = False


class Entries(NamedTuple):
    """A list: how many entries the numbers ask for, the fields of one, and whether the first may not repeat."""

    name: str
    count: Callable[[Numbers], int]
    fields: tuple[Field, ...]
    unique: bool = False

    @property
    def entry(self) -> struct.Struct:
        """The layout of one entry."""
        return struct.Struct("<" + "".join(part.code for part in self.fields))


@dataclass(frozen=True)
class Layout:
    """The request of one operation, and what it needs."""

    fields: tuple[Field, ...] = ()
    lists: tuple[Entries, ...] = ()
    feature: Feature | None = None
    drives: bool = False  # needs the armed state
    free: bool = False  # any payload


@dataclass(frozen=True)
class Arguments:
    """A request that passed: numbers by name, lists by name (tuples of an entry's fields), the payload itself."""

    payload: bytes
    numbers: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    def column(self, name: str, place: int = 0) -> list[int]:
        """Return one field of every entry of a list."""
        return [entry[place] for entry in self.lists[name]]


def read_arguments(layout: Layout, payload: bytes) -> Arguments:
    """Return the arguments of a request.

    Raises:
        RefusalError: the first check that fails.
    """
    if layout.free:
        return Arguments(payload)
    fixed = struct.Struct("<" + "".join(part.code for part in layout.fields))
    if len(payload) < fixed.size:
        raise _bad_length(fixed.size)
    values: tuple[int, ...] = fixed.unpack_from(payload)
    arguments = Arguments(payload, dict(zip((part.name for part in layout.fields), values, strict=True)))
    _check_numbers(layout, arguments, counts=True)
    sizes = [entries.count(arguments.numbers) * entries.entry.size for entries in layout.lists]
    if len(payload) != fixed.size + sum(sizes):
        raise _bad_length(fixed.size + sum(sizes))
    _check_numbers(layout, arguments, counts=False)
    start, number = fixed.size, len(layout.fields) + 1
    for entries, size in zip(layout.lists, sizes, strict=True):
        arguments.lists[entries.name] = list(entries.entry.iter_unpack(payload[start : start + size]))
        _check_entries(entries, number, arguments)
        start, number = start + size, number + len(entries.fields)
    for entries in layout.lists:
        if entries.unique:
            _check_repeats(arguments.column(entries.name))
    return arguments


def _bad_length(expected: int) -> RefusalError:
    return RefusalError(Status.BAD_LENGTH, struct.pack("<H", expected))


def _check_numbers(layout: Layout, arguments: Arguments, *, counts: bool) -> None:
    for number, part in enumerate(layout.fields, 1):
        if part.is_count == counts:
            _check(arguments[part.name], _bounds(part, arguments), number, NO_INDEX)


def _check_entries(entries: Entries, first_number: int, arguments: Arguments) -> None:
    bounds = [_bounds(part, arguments) for part in entries.fields]
    listed = arguments.lists[entries.name]
    if all(_all_within(column, rule) for column, rule in zip(zip(*listed, strict=True), bounds, strict=False)):
        return
    for index, entry in enumerate(listed):
        for place, value in enumerate(entry):
            _check(value, bounds[place], first_number + place, index)


def _all_within(values: tuple[int, ...], bounds: Range | Choice) -> bool:
    """Return whether a whole field of a list is surely within its bounds; that is most of them, and quickly told."""
    if isinstance(bounds, Choice):
        return bounds.values.issuperset(values)
    return bounds.step == 1 and bounds.minimum <= min(values) and max(values) <= bounds.maximum


def _bounds(part: Field, arguments: Arguments) -> Range | Choice:
    return part.rule(arguments.numbers) if callable(part.rule) else part.rule


def _check(value: int, bounds: Range | Choice, number: int, index: int) -> None:
    if isinstance(bounds, Choice):
        if value not in bounds.values:
            raise RefusalError(Status.BAD_ARG, struct.pack("<BHq", number, index, value))
        return
    low, high, step = bounds
    if not low <= value <= high or (value - low) % step:
        raise RefusalError(Status.OUT_OF_RANGE, struct.pack("<BHqqqI", number, index, value, low, high, step))


def _check_repeats(values: list[int]) -> None:
    seen: set[int] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise RefusalError(Status.CELL_REPEATED, struct.pack("<HH", index, value))
        seen.add(value)
