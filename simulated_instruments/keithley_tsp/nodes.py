"""The namespace tree as Lua sees it: nodes with attributes, functions, constants and children."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from simulated_instruments.keithley_tsp.errors import DATA_TYPE, TOO_BIG, TOO_SMALL, InstrumentError

Value = Any
"""What crosses between Lua and Python: a number, a string, a bool, ``None``, a ``Node`` or a list of floats."""


class Node:
    """One table of the instrument's namespace, such as ``smua.source``.

    Attributes:
        lua_type: What its metatable calls ``luatype``; the names are those that a public client tells apart.
        writable: Whether its elements by number can be set.
    """

    lua_type: str | None = None
    writable = False

    def __init__(self) -> None:
        self.getters: dict[str, Callable[[], Value]] = {}
        self.setters: dict[str, Callable[[Value], None]] = {}
        self.members: dict[str, Value] = {}
        """Constants, functions and child nodes: what ``next()`` walks."""

    def numbers(self) -> Iterable[int]:
        """Return the numbers of the elements that a walk of the namespace meets."""
        return ()

    def index(self, number: int) -> Value:
        """Return element ``number``, or ``None``."""
        return None

    def set_index(self, number: int, value: Value) -> bool:
        """Set element ``number``; return whether there is such a thing."""
        return False

    def forgotten(self) -> None:
        """Hear that no script can reach the node any more."""

    def attribute(self, name: str, get: Callable[[], Value], put: Callable[[Value], None] | None = None) -> None:
        """Add an attribute; without ``put`` it can only be read."""
        self.getters[name] = get
        if put is not None:
            self.setters[name] = put

    def setting(
        self, name: str, owner: object, check: Callable[[Value], Value], after: Callable[[], None] | None = None
    ) -> None:
        """Add an attribute that is the field ``name`` of ``owner``, checked on the way in."""

        def put(value: Value) -> None:
            setattr(owner, name, check(value))
            if after is not None:
                after()

        self.attribute(name, lambda: getattr(owner, name), put)


class Indexed(Node):
    """An array of nodes or values, counted from 1."""

    def __init__(self, items: dict[int, Value]) -> None:
        super().__init__()
        self.items = items

    def numbers(self) -> Iterable[int]:
        """Return the numbers of the items."""
        return self.items

    def index(self, number: int) -> Value:
        """Return item ``number``, or ``None``."""
        return self.items.get(number)


class Slots(Node):
    """An array of numbers that the host may set, such as a blender's stimuli."""

    writable = True

    def __init__(self, count: int, changed: Callable[[], None]) -> None:
        super().__init__()
        self.values = [0.0] * count
        self._changed = changed

    def numbers(self) -> Iterable[int]:
        """Return the numbers of the slots."""
        return range(1, len(self.values) + 1)

    def index(self, number: int) -> Value:
        """Return the value of slot ``number``, or ``None``."""
        return self.values[number - 1] if 1 <= number <= len(self.values) else None

    def set_index(self, number: int, value: Value) -> bool:
        """Set slot ``number``."""
        if not 1 <= number <= len(self.values):
            return False
        self.values[number - 1] = number_of(value)
        self._changed()
        return True


def number_of(value: Value) -> float:
    """Return ``value`` as a float; a flag counts as 0 or 1, a string is read as Lua would.

    Raises:
        InstrumentError: It is no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InstrumentError(DATA_TYPE) from None
    if math.isnan(number):
        raise InstrumentError(DATA_TYPE)
    return number


def number_in(low: float, high: float) -> Callable[[Value], float]:
    """Return a check for a number from ``low`` to ``high``."""

    def check(value: Value) -> float:
        number = number_of(value)
        if number > high:
            raise InstrumentError(TOO_BIG)
        if number < low:
            raise InstrumentError(TOO_SMALL)
        return number

    return check


def integer_in(low: int, high: int) -> Callable[[Value], int]:
    """Return a check for a whole number; a fraction is cut off."""
    check = number_in(low, high)
    return lambda value: int(check(value))


def one_of(*choices: int) -> Callable[[Value], int]:
    """Return a check for one of a few codes."""
    check = integer_in(min(choices), max(choices))

    def checked(value: Value) -> int:
        number = check(value)
        if number not in choices:
            raise InstrumentError(DATA_TYPE)
        return number

    return checked


def text(value: Value) -> str:
    """Return ``value`` if it is text.

    Raises:
        InstrumentError: It is not.
    """
    if not isinstance(value, str):
        raise InstrumentError(DATA_TYPE)
    return value
