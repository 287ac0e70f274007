"""Two stand-ins for the instrument library: a shared library that notes what it receives, and a scripted object."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.keysight_b1530 import KeysightB1530
from labctl.links import LibraryLink


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shared library made of ``recorder.c``."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler, "this test needs a C compiler (gcc or cc): install one, it checks every call to the library"
    library = tmp_path_factory.mktemp("wgfmu") / "libwgfmu.so"
    source = Path(__file__).parent / "recorder.c"
    made = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O0", "-Wall", "-Werror", "-o", str(library), str(source)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return library


class ScriptedLibrary:
    """A library as a Python object: notes every call as text, answers from ``answers``, and is otherwise content."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.codes: dict[str, list[int]] = {}
        self.outputs: dict[str, list[Any]] = {
            "getChannelIdSize": [4], "getStatus": [10006, 0.0, 0.0], "dcmeasureValue": [0.001],
            "getErrorSummarySize": [11],
        }  # fmt: skip
        self.fill: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "getChannelIds": lambda arguments: _fill(arguments[0], [101, 102, 201, 202]),
            "getErrorSummary": lambda arguments: setattr(arguments[0], "value", b"what it is"),
        }

    def __getattr__(self, name: str) -> Callable[..., int]:
        if not name.startswith("WGFMU_"):
            raise AttributeError(name)
        short = name.removeprefix("WGFMU_")
        return lambda *arguments: self._call(short, arguments)

    def _call(self, name: str, arguments: tuple[Any, ...]) -> int:
        outputs = [argument._obj for argument in arguments if hasattr(argument, "_obj")]
        inputs = [argument for argument in arguments if not hasattr(argument, "_obj")]
        self.calls.append(f"{name}({', '.join(_text(value) for value in inputs)})")
        if waiting := self.codes.get(name):
            code = waiting.pop(0)
            if code:
                return code
        for target, value in zip(outputs, self.outputs.get(name, []), strict=False):
            target.value = value
        if name in self.fill:
            self.fill[name](arguments)
        return 0

    def taken(self) -> list[str]:
        """Return the calls since the last look."""
        calls, self.calls = self.calls, []
        return calls


def _fill(array: Any, values: list[Any]) -> None:
    array[: len(values)] = values


def _text(value: Any) -> str:
    if isinstance(value, ctypes.Array):
        return repr(list(value))
    return repr(value.decode()) if isinstance(value, bytes) else repr(value)


class Bench:
    """A B1530A's driver and the scripted library that it meets."""

    def __init__(self) -> None:
        self.library = ScriptedLibrary()

    def driver(self, **keywords: Any) -> KeysightB1530:
        link = LibraryLink("GPIB0::17::INSTR", lambda: self.library)
        return KeysightB1530(link, role="analyzer", **keywords)

    def opened(self, **keywords: Any) -> KeysightB1530:
        driver = self.driver(**keywords)
        driver.open()
        self.library.taken()
        return driver

    def measures(self, values: dict[int, list[float]], step: float) -> None:
        """Let channels have measured ``values``, ``step`` (s) apart."""
        count = len(next(iter(values.values())))
        self.library.outputs["getMeasureValueSize"] = [count, count]

        def fill(arguments: tuple[Any, ...]) -> None:
            channel, _, _, times, found = arguments
            _fill(times, [step * index for index in range(count)])
            _fill(found, values[channel])

        self.library.fill["getMeasureValues"] = fill


@pytest.fixture
def bench() -> Bench:
    return Bench()
