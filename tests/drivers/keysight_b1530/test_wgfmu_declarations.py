"""Every function of the instrument library called through ctypes, and what the C side of it received."""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.wgfmu.functions import FUNCTIONS, PREFIX
from drivers.wgfmu.library import Wgfmu
from labctl.errors import InstrumentError, LinkError, StateError
from labctl.links import LibraryLink

SIZE = 3
DECLARED = r"^(?:DO\(|int WGFMU_)(\w+)"


class Recorder:
    """The library under test and its notes."""

    def __init__(self, path: Path) -> None:
        self.raw = ctypes.CDLL(str(path))
        self.raw.recorder_notes.restype = ctypes.c_char_p
        self.raw.recorder_result(0)
        self.link = LibraryLink("GPIB0::17::INSTR")
        self.link.path = str(path)
        self.wgfmu = Wgfmu(self.link, "analyzer")
        self.link.open()

    def notes(self) -> str:
        return str(self.raw.recorder_notes().decode())


@pytest.fixture
def library(recorder: Path) -> Iterator[Recorder]:
    made = Recorder(recorder)
    yield made
    made.raw.recorder_result(0)
    made.link.close()


def example(letter: str, position: int) -> tuple[Any, str, Any]:
    """Return an argument, the note that it is to leave, and what is to be looked at when the call is over."""
    if letter == "i":
        value = -(2**31) + 1 + position
        return value, f" i{value}", None
    if letter == "d":
        real = 0.1 + position * 1e12
        return real, f" d{real:.17g}", None
    if letter == "s":
        return f"name {position}\xe9", f" sname {position}\xe9", None
    if letter == "a":
        values = [1e-8 * (position + 1), -0.3, 2.0**40]
        return values, f" a{SIZE}" + "".join(f" d{value:.17g}" for value in values), None
    if letter == "n":
        count = ctypes.c_int(SIZE)
        return count, f" n{SIZE}", None
    if letter == "t":
        buffer = ctypes.create_string_buffer(8)
        return buffer, "", (buffer, lambda: buffer.value, lambda number: b"text")
    made: Any = (ctypes.c_int * SIZE)() if letter == "J" else (ctypes.c_double * SIZE)()
    extra = 0 if letter == "J" else 0.5
    return made, "", (made, lambda: list(made), lambda number: [number + k + extra for k in range(SIZE)])


def arguments_for(name: str) -> tuple[list[Any], str, list[Any]]:
    """Return inputs for a function, the notes that they are to leave, and the buffers to look at."""
    inputs, notes, buffers = [], name, []
    for position, letter in enumerate(FUNCTIONS[name]):
        if letter in "ID":
            buffers.append(letter)
            continue
        value, note, look = example(letter, position)
        if name in {"addVectors", "setVectors", "addSequences"} and letter == "i" and position > 0:
            value, note = SIZE, f" i{SIZE}"
        if letter == "S" and name == "addSequences":
            value, note, look = ["first", "second", "third"], " S3 sfirst ssecond sthird", None
        elif letter == "S":
            strings = [ctypes.create_string_buffer(8) for _ in range(SIZE)]
            value = (ctypes.c_char_p * SIZE)(*(ctypes.cast(text, ctypes.c_char_p) for text in strings))
            note, look = "", (strings, lambda s=strings: [text.value for text in s], lambda number: [b"text"] * SIZE)
        inputs.append(value)
        notes += note
        if look is not None:
            buffers.append(look)
    return inputs, notes, buffers


def test_the_table_has_every_function_of_the_c_library_and_no_other() -> None:
    source = (Path(__file__).parent / "recorder.c").read_text(encoding="utf-8")
    declared = [name for name in re.findall(DECLARED, source, re.MULTILINE) if name != "##name"]
    assert len(declared) == 88
    assert sorted(declared) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_receives_what_it_was_given_and_gives_back_what_it_wrote(library: Recorder, name: str) -> None:
    inputs, notes, buffers = arguments_for(name)
    outputs = library.wgfmu.call(name, *inputs)
    assert library.raw.recorder_notes().decode("latin-1") == notes
    number, expected = 1000, []
    for buffer in buffers:
        if isinstance(buffer, str):
            expected.append(number + (0.5 if buffer == "D" else 0))
            number += 1
            continue
        made, found, wanted = buffer
        assert found() == wanted(number)
        number += 0 if b"text" in found() or found() == [b"text"] * SIZE else len(made)
    assert list(outputs) == expected


@pytest.mark.parametrize(
    ("code", "name"),
    [(-1, "PARAMETER_OUT_OF_RANGE_ERROR"), (-6, "FW_ERROR"), (-15, "RESULT_OUT_OF_DATE"), (-77, "an unknown code")],
)
def test_a_code_is_raised_with_its_name_and_the_librarys_summary(library: Recorder, code: int, name: str) -> None:
    library.raw.recorder_result(code)
    with pytest.raises(InstrumentError, match=rf"'WGFMU_connect\(101\)' gave error {code}: {name}: text") as error:
        library.wgfmu.call("connect", 101)
    assert (error.value.code, error.value.instrument) == (code, "analyzer")


def test_calls_and_codes_are_in_the_transcript(library: Recorder) -> None:
    library.wgfmu.call("createPattern", "p", 0.1)
    assert [(entry.direction, entry.data) for entry in library.link.transcript] == [
        (">", b"WGFMU_createPattern('p', 0.1)"),
        ("<", b"0"),
    ]


def test_a_closed_library_is_not_called(library: Recorder) -> None:
    library.link.close()
    with pytest.raises(StateError, match="closed"):
        library.wgfmu.call("update")


def test_a_library_that_is_not_there_is_named() -> None:
    link = LibraryLink("GPIB0::17::INSTR")
    link.path = "/nowhere/wgfmu.dll"
    with pytest.raises(LinkError, match=r"/nowhere/wgfmu\.dll"):
        link.open()
    assert not link.is_open


def test_a_library_that_lacks_a_function_is_refused(recorder: Path) -> None:
    link = LibraryLink("GPIB0::17::INSTR")
    link.path = str(recorder)
    link.signatures = {"WGFMU_update": [], "WGFMU_fly": []}
    with pytest.raises(LinkError, match="lacks WGFMU_fly"):
        link.open()


def test_every_function_is_declared_to_return_an_int(library: Recorder) -> None:
    loaded = library.link._load()
    for name, letters in FUNCTIONS.items():
        function = getattr(loaded, PREFIX + name)
        assert function.restype is ctypes.c_int
        assert len(function.argtypes) == len(letters)
