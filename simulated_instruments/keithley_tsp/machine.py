"""The Lua machine: runs scripts in a sandbox, limited in memory, instructions and time, on its namespace."""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import lupa.lua51 as lupa

from simulated_instruments.keithley_tsp.errors import (
    OUT_OF_MEMORY,
    RUNTIME,
    SYNTAX,
    WRONG_ARGUMENTS,
    InstrumentError,
    ScriptError,
    Stopped,
)
from simulated_instruments.keithley_tsp.nodes import Node, Value

SOFT_MEMORY = 32 << 20
"""Bytes that scripts and their variables may take: *assumed* (the instrument's manual names 32 MB in the 2600B)."""
HARD_MEMORY = 64 << 20
"""Where the interpreter itself refuses: above the soft limit, so that the host's own functions always find room."""
HEADROOM = 16 << 20
"""What a message may take at one stroke when a script before it has filled the memory."""
MOST_MEMORY = 256 << 20
"""Where the headroom ends."""
INSTRUCTIONS_PER_TICK = 1_000
CALL_CHARGE = 500
"""Instructions that one call of the host counts for, so that a loop around it ends as well."""
LUA_SECONDS = 10.0
"""Computing time in s that one message may spend inside Lua: a guard of the twin, not of the instrument."""

_NOTHING = Node()
_PLACE = re.compile(r"^[^:\n]*:(\d+): (.*)$", re.DOTALL)
_QUOTED = re.compile(r"\b(global|local|field|upvalue|method) '([^']*)'")


class Listener(Protocol):
    """What the machine tells its instrument."""

    def emit(self, text: str) -> bool:
        """Take output; return whether there is no more room for it."""

    def number(self, value: float) -> str:
        """Return a number as ``print`` shows it."""

    def queue(self, code: int, message: str) -> None:
        """Queue an error."""

    def stop_wanted(self) -> bool:
        """Return whether a device clear asks the script to end."""


class LuaMachine:
    """One interpreter; ``run`` and ``load`` queue the instrument's errors and never raise for a script's fault.

    Args:
        listener: The instrument.
        instructions: What one message may execute, in Lua instructions.
        seed: Seed of ``math.random``.
    """

    def __init__(self, listener: Listener, *, instructions: int, seed: int) -> None:
        self._listener = listener
        self._limit = instructions
        self._random = random.Random(seed)
        self._spent = 0
        self._seconds = 0.0
        self._mark = 0.0
        self._fault: BaseException | None = None
        self._overrun = False
        self._unhooking = False
        self._objects: dict[int, Node] = {}
        self._ids: dict[int, int] = {}
        self._functions: dict[int, Callable[..., Value]] = {}
        self._function_ids: dict[Callable[..., Value], int] = {}
        self._next_id = 1
        self._lua = lupa.LuaRuntime(
            unpack_returned_tuples=True, encoding="latin-1", register_eval=False, register_builtins=False,
            attribute_filter=_no_attributes, max_memory=HARD_MEMORY,
        )  # fmt: skip
        host = {
            "tick": self._tick, "get": self._get, "set": self._set, "call": self._call, "members": self._members,
            "emit": self._emit, "number": listener.number, "random": self._random.random, "forget": self._forget,
        }  # fmt: skip
        limits = (SOFT_MEMORY / 1024, (MOST_MEMORY - HEADROOM) / 1024)
        prelude = Path(__file__).with_name("prelude.lua").read_text(encoding="ascii")
        self._entry: Any = self._lua.execute(prelude, self._lua.table_from(host), *limits)

    def define(self, name: str, value: Node | Callable[..., Value]) -> None:
        """Make a global."""
        self._entry.define(name, *self._encode(value))

    def run(self, text: str) -> None:
        """Run a message."""
        self._guarded(lambda: self._entry.run(text))

    def load(self, name: str, text: str, *, run: bool) -> None:
        """Store a script, unnamed if ``name`` is empty, and run it if asked."""
        self._guarded(lambda: self._entry.load(name, text, run))

    def reap(self) -> None:
        """Forget the nodes that no script can reach any more."""
        self._entry.reap()

    def begin(self) -> None:
        """Begin a message: the limits count from here."""
        self._spent, self._seconds, self._overrun = 0, 0.0, False

    def charge(self, instructions: int = CALL_CHARGE) -> None:
        """Count a step of the host as so many instructions.

        Raises:
            Stopped: The message has had its share, or a device clear came.
        """
        self._spent += instructions
        self._overrun = self._overrun or self._spent > self._limit
        if self._overrun or self._listener.stop_wanted():
            raise Stopped

    def _guarded(self, action: Callable[[], Any]) -> None:
        self._fault = None
        used = self._lua.get_memory_used() + HEADROOM
        self._lua.set_max_memory(min(max(HARD_MEMORY, used), MOST_MEMORY))
        self._mark = time.thread_time()
        try:
            outcome = action()
        except lupa.LuaError as error:
            self._unhooking = True
            self._entry.unhook()
            self._unhooking = False
            if self._fault is not None:
                raise self._fault from None
            if self._overrun:
                raise Stopped from None
            if isinstance(error, lupa.LuaMemoryError):
                outcome = ("runtime", "not enough memory")
            else:
                outcome = ("stopped" if self._listener.stop_wanted() else "runtime", str(error).partition("\n")[0])
        self._report(*(outcome if isinstance(outcome, tuple) else (outcome, "")))

    def _report(self, status: str, message: str) -> None:
        if "not enough memory" in message:
            self._entry.collect()
            self._listener.queue(*OUT_OF_MEMORY)
        elif status in {"syntax", "runtime"}:
            found = _PLACE.match(message)
            line, text = found.groups() if found else ("1", message)
            if status == "syntax":
                self._listener.queue(SYNTAX, f"TSP Syntax error at line {line}: {text}")
            else:
                text = _QUOTED.sub(r"\1 `\2'", text)
                self._listener.queue(RUNTIME, f"TSP Runtime error at line {line}: {text}")

    def _tick(self) -> bool | None:
        if self._unhooking:
            return None
        self._spent += INSTRUCTIONS_PER_TICK
        seconds = self._seconds + time.thread_time() - self._mark
        self._overrun = self._overrun or self._spent > self._limit or seconds > LUA_SECONDS
        return self._overrun or self._fault is not None or self._listener.stop_wanted()

    def _emit(self, text: str) -> bool:
        self._spent += CALL_CHARGE
        return self._listener.emit(text)

    def _host(self, action: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
        """Run the instrument's side of a call; a fault that is not the script's is kept and raised from ``run``."""
        self._spent += CALL_CHARGE
        self._seconds += time.thread_time() - self._mark
        try:
            if self._spent > self._limit or self._fault is not None or self._listener.stop_wanted():
                self._overrun = self._overrun or self._spent > self._limit
                return ("stop",)
            return action()
        except InstrumentError as error:
            self._listener.queue(error.code, str(error))
            return ("value",)
        except ScriptError as error:
            return ("error", str(error))
        except Stopped:
            return ("stop",)
        except BaseException as error:
            self._fault = error  # not swallowed: it must not cross Lua, so run() raises it
            return ("stop",)
        finally:
            self._mark = time.thread_time()

    def _get(self, identity: int, key: str | float) -> tuple[Any, ...]:
        return self._host(lambda: self._encode(self._look_up(self._objects[identity], key)))

    def _look_up(self, node: Node, key: str | float) -> Value:
        if not isinstance(key, str):
            return node.index(int(key)) if key == key and abs(key) < 1e9 else None
        getter = node.getters.get(key)
        return getter() if getter is not None else node.members.get(key)

    def _set(self, identity: int, key: str | float, kind: str, value: Any) -> tuple[Any, ...]:
        def action() -> tuple[Any, ...]:
            node, plain = self._objects[identity], self._decode(kind, value)
            if not isinstance(key, str):
                if not (abs(key) < 1e9 and node.set_index(int(key), plain)):
                    raise ScriptError("attempt to set an unknown element")  # text unconfirmed
            elif key in node.setters:
                node.setters[key](plain)
            elif key in node.getters or key in node.members:
                raise ScriptError(f"attribute '{key}' is read-only")  # text unconfirmed
            else:
                raise ScriptError(f"attempt to set unknown attribute '{key}'")  # text unconfirmed
            return ("value",)

        return self._host(action)

    def _call(self, identity: int, kinds: str, *values: Any) -> tuple[Any, ...]:
        def action() -> tuple[Any, ...]:
            arguments = [self._decode(kind, value) for kind, value in zip(kinds, values, strict=True)]
            function = self._functions.get(identity)
            if function is None:
                raise ScriptError("the buffer of this function is gone")  # text unconfirmed
            try:
                result = function(*arguments)
            except TypeError as error:
                if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                    raise
                raise InstrumentError(WRONG_ARGUMENTS) from None
            if result is None:
                return ("value",)
            return ("value", *result) if isinstance(result, tuple) else self._encode(result)

        return self._host(action)

    def _members(self, identity: int) -> tuple[str, str, str, str | None]:
        node = self._objects.get(identity, _NOTHING)
        numbers = [str(number) for number in node.numbers()]
        slots = numbers if node.writable else []
        objects = [*node.members, *([] if node.writable else numbers)]
        return ",".join(objects), ",".join([*node.getters, *slots]), ",".join([*node.setters, *slots]), node.lua_type

    def _encode(self, value: Value) -> tuple[Any, ...]:
        if isinstance(value, Node):
            return ("object", self._identify(value))
        if callable(value):
            if value not in self._function_ids:
                self._function_ids[value] = self._next_id
                self._functions[self._next_id] = value
                self._next_id += 1
            return ("function", self._function_ids[value])
        return ("value", value)

    def _identify(self, node: Node) -> int:
        identity = self._ids.get(id(node))
        if identity is None:
            identity = self._next_id
            self._next_id += 1
            self._ids[id(node)] = identity
            self._objects[identity] = node
        return identity

    def _decode(self, kind: str, value: Any) -> Value:
        if kind == "o":
            return self._objects[value]
        if kind == "l":
            return [float(number) for number in value.values()]
        return object() if kind == "x" else value

    def _forget(self, alive: Callable[[int], bool]) -> None:
        living = {id(node) for identity, node in self._objects.items() if alive(identity)}
        for identity, node in list(self._objects.items()):
            # A column of a buffer that a script still holds keeps the buffer.
            if id(node) not in living and not any(id(member) in living for member in node.members.values()):
                del self._objects[identity]
                del self._ids[id(node)]
                for member in node.members.values():
                    if callable(member):
                        self._functions.pop(self._function_ids.pop(member, -1), None)
                node.forgotten()


def _no_attributes(_owner: object, name: object, _setting: bool) -> object:
    raise AttributeError(name)
