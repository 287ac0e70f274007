"""The wire language: messages, common commands, number formats, errors, prompts."""

import itertools
import struct
from collections.abc import Callable
from typing import Any

import pytest


def test_the_identity_is_the_manufacturers_line(host: Any) -> None:
    assert host.send("*IDN?") == "Keithley Instruments Inc., Model 2636B, 4308079, 3.2.2"
    assert host.send("print(localnode.model, localnode.serialno)") == "2636B\t4308079"


def test_numbers_are_printed_in_exponent_form_with_tabs_between(host: Any) -> None:
    assert host.send("print(2.5, smua.source.output)") == "2.50000e+00\t0.00000e+00"
    assert host.send("print(true, nil, 'text')") == "true\tnil\ttext"
    assert host.send("print(smua.nvbuffer1.clear())") == ""


def test_precision_is_a_setting(host: Any) -> None:
    assert host.send("format.asciiprecision = 16", "print(1/3)") == "3.333333333333333e-01"
    assert host.send("format.asciiprecision = 1", "print(1/3)") == "3e-01"
    host.send("format.asciiprecision = 6", "format.asciiprecision = 17")
    assert host.error() == (1101, "Parameter too big")


def test_a_message_may_come_in_pieces_and_several_at_once(host: Any) -> None:
    assert host.twin.receive(b"print(") == b""
    assert host.twin.receive(b"1)\nprint(2)\nprint(3") == b"1.00000e+00\n2.00000e+00\n"
    assert host.twin.receive(b")", end=True) == b"3.00000e+00\n"


def test_an_empty_queue_answers_number_zero(host: Any) -> None:
    assert host.send("print(errorqueue.next())") == "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00"
    assert host.send("print(errorqueue.count)") == "0.00000e+00"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("print(*IDN?)", (-285, "TSP Syntax error at line 1: unexpected symbol near '*'")),
        ("x.y = 1", (-286, "TSP Runtime error at line 1: attempt to index global `x' (a nil value)")),
        ("smua.smuc.x = 1", (-286, "TSP Runtime error at line 1: attempt to index field `smuc' (a nil value)")),
        ("smua.source.limiti = 0", (1102, "Parameter too small")),
        ("smua.source.levelv = 300", (1101, "Parameter too big")),
        ("smua.source.levelv = -300", (1102, "Parameter too small")),
        ("smua.measure.nplc = 26", (1101, "Parameter too big")),
        ("smua.measure.nplc = {}", (-104, "Data type error")),
        ("smua.source.rangei = 2", (1101, "Parameter too big")),
        ("smua.trigger.source.linearv(5)", (-109, "Missing parameter")),
        ("smua.trigger.source.listv()", (-109, "Missing parameter")),
        ("smua.makebuffer()", (-109, "Missing parameter")),
        ("smua.source.levelv = 0/0", (-104, "Data type error")),
    ],
)
def test_errors_have_the_instruments_numbers(host: Any, message: str, error: tuple[int, str]) -> None:
    assert host.send(message) == ""
    assert host.error() == error
    host.expect_no_error()


def test_a_syntax_error_runs_nothing_and_a_run_time_error_stops_there(host: Any) -> None:
    assert host.send("print(1) print(") == ""
    assert host.error()[0] == -285
    assert host.send("print(1) local t = nil; t.x = 1 print(2)") == "1.00000e+00"
    assert host.error()[0] == -286


def test_an_instrument_error_lets_the_message_go_on(host: Any) -> None:
    assert host.send("print(1) smua.source.limiti = 0 print(2)") == "1.00000e+00\n2.00000e+00"
    assert host.error() == (1102, "Parameter too small")


def test_the_error_queue_overflows_into_its_last_entry(host: Any) -> None:
    host.send("for i = 1, 300 do smua.source.limiti = 0 end")
    assert host.number("errorqueue.count") == 100
    host.send("for i = 1, 99 do errorqueue.next() end")
    assert host.error() == (-350, "Queue overflow")
    host.send("smua.source.limiti = 0", "errorqueue.clear()")
    host.expect_no_error()


def test_the_error_available_bit_stands_while_the_queue_holds_something(host: Any) -> None:
    assert int(host.send("*STB?")) == 0
    host.send("x.y = 1")
    assert int(host.send("*STB?")) & 4
    host.send("*CLS")
    assert int(host.send("*STB?")) == 0


def test_standard_events_are_latched_and_cleared_by_reading(host: Any) -> None:
    assert int(host.send("*ESR?")) == 128
    host.send("*OPC")
    assert int(host.send("*ESR?")) == 1
    assert int(host.send("*ESR?")) == 0
    host.send("*ESE 16", "*SRE 32", "x.y = 1")
    assert host.send("*ESE?", "*SRE?") == "16\n32"
    assert int(host.send("*STB?")) == 4 | 32 | 64


def test_common_commands_answer_alone_on_their_line_in_any_case(host: Any) -> None:
    assert host.send("*opc?", "*TST?") == "1\n0"
    host.send("*WAI", "*trg", "*RST")
    host.expect_no_error()


def test_prompts_tell_ready_error_and_continuation(host: Any) -> None:
    assert host.send("localnode.prompts = 1") == "TSP>"
    assert host.send("x.y = 1") == "TSP?"
    assert host.send("errorqueue.clear()") == "TSP>"
    assert host.send("loadandrunscript", "print(5)", "endscript") == ">>>>\n>>>>\n5.00000e+00\nTSP>"


def test_errors_are_pushed_when_asked_for(host: Any) -> None:
    assert host.send("localnode.showerrors = 1", "smua.source.limiti = 0").startswith(
        "1.10200e+03\tParameter too small"
    )
    host.send("localnode.showerrors = 0")
    host.expect_no_error()


def test_a_message_longer_than_the_input_buffer_is_refused(host: Any) -> None:
    assert host.send("x = '" + "a" * 4000 + "' print(1)") == ""
    assert host.error() == (-363, "Input buffer overrun")
    assert host.twin.receive(b"y" * 100_000) == b""
    assert host.twin.receive(b"y" * 100_000 + b"\nprint(7)\n") == b"7.00000e+00\n"
    assert host.error() == (-363, "Input buffer overrun")
    host.expect_no_error()


@pytest.mark.parametrize(("data", "letter"), [("REAL32", "f"), ("REAL64", "d"), ("SREAL", "f"), ("DREAL", "d")])
@pytest.mark.parametrize(
    ("order", "mark"), [("LITTLEENDIAN", "<"), ("NORMAL", ">"), ("SWAPPED", "<"), ("NETWORK", ">")]
)
def test_binary_blocks_carry_ieee_numbers_in_the_set_byte_order(
    host: Any, data: str, letter: str, order: str, mark: str
) -> None:
    host.send(f"format.data = format.{data}", f"format.byteorder = format.{order}")
    reply = host.twin.receive(b"printnumber(1, -2.5, 10)\n")
    assert reply == b"#0" + struct.pack(f"{mark}3{letter}", 1, -2.5, 10) + b"\n"
    assert host.send("print(1)") == "1.00000e+00"


def test_printnumber_puts_comma_and_space_between_values(host: Any) -> None:
    assert host.send("printnumber(1, 2)") == "1.00000e+00, 2.00000e+00"


def test_the_namespace_can_be_walked(host: Any) -> None:
    names = host.send("for name in pairs(smua) do print(name) end").split("\n")
    assert {"source", "measure", "nvbuffer1", "OUTPUT_DCVOLTS", "reset"} <= set(names)
    assert host.send("local name = next(smua.source) print(name)") == "nil"
    getters = host.send("for name in pairs(getmetatable(smua.source).Getters) do print(name) end").split("\n")
    assert {"levelv", "limiti", "compliance"} <= set(getters)
    assert host.send("print(getmetatable(smua.source).Setters.compliance)") == "nil"
    assert host.send("print(node[1].smua.source.func)") == "1.00000e+00"
    host.expect_no_error()


def test_a_metatable_has_the_objects_themselves_and_working_accessors(host: Any) -> None:
    host.send("mt = getmetatable(smua)")
    assert host.send("print(type(mt.Objects.source), type(mt.Objects.reset), mt.Objects.OUTPUT_ON)") == (
        "table\tfunction\t1.00000e+00"
    )
    host.send("mt = getmetatable(smua.source) mt.Setters.levelv(0.25)")
    assert host.send("print(mt.Getters.levelv(), smua.source.levelv)") == "2.50000e-01\t2.50000e-01"
    assert host.send("for name in pairs(getmetatable(trigger.blender).Objects) do print(name) end").startswith("1.0")
    assert "1.00000e+00" in host.send(
        "for name in pairs(getmetatable(trigger.blender[1].stimulus).Setters) do print(name) end"
    )
    assert host.send("print(getmetatable(smua.nvbuffer1).luatype)") == "reading_buffer"
    assert host.send("print(getmetatable(smua.nvbuffer1.readings).luatype)") == "synchronous_table"
    host.expect_no_error()


def test_autorange_follows_a_value_that_outgrows_the_range_while_it_is_measured(host: Any) -> None:
    amps = itertools.cycle((0.9e-6, 5e-6))

    host.send("smua.source.limiti = 1e-3 smua.source.levelv = 0.1 smua.source.output = 1")
    host.terminals["smua"].sense = lambda: (0.1, next(amps))
    assert max(host.number("smua.measure.i()") for _ in range(10)) < 1e-5
    host.send("smua.measure.autorangei = 0 smua.measure.rangei = 1e-6")
    assert max(host.number("smua.measure.i()") for _ in range(10)) == 9.91e37


def test_an_unknown_attribute_reads_as_nil_and_cannot_be_set(host: Any) -> None:
    assert host.send("print(smua.nonsense)") == "nil"
    host.send("smua.nonsense = 1")
    assert host.error()[0] == -286
    host.send("smua.source.compliance = 1")
    assert host.error()[0] == -286


@pytest.mark.parametrize(
    ("model", "channels", "volts", "amps"),
    [
        ("2601B", 1, 40, 3), ("2602B", 2, 40, 3), ("2604B", 2, 40, 3), ("2612B", 2, 200, 1.5), ("2614B", 2, 200, 1.5),
        ("2634B", 2, 200, 1.5), ("2635B", 1, 200, 1.5), ("2636B", 2, 200, 1.5),
    ],
)  # fmt: skip
def test_a_model_has_its_channels_and_ranges(
    make_host: Callable[..., Any], model: str, channels: int, volts: float, amps: float
) -> None:
    host = make_host(model=model)
    assert host.send("print(localnode.model)") == model
    assert host.send("print(type(smub))") == ("table" if channels == 2 else "nil")
    host.send(f"smua.source.rangev = {volts}", f"smua.source.rangei = {amps}")
    assert host.number("smua.source.rangev") == volts
    assert host.number("smua.source.rangei") == amps
    host.expect_no_error()
    host.send(f"smua.source.rangev = {volts * 1.1}")
    assert host.error()[0] == 1101
    assert host.send("print(type(digio))") == ("nil" if model[3] == "4" else "table")


@pytest.mark.parametrize("options", [{"model": "2400"}, {"line_hz": 55}])
def test_a_model_that_does_not_exist_is_refused(make_host: Callable[..., Any], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"2400|55"):
        make_host(**options)


def test_the_panel_takes_what_drivers_send_it(host: Any) -> None:
    host.send("display.clear()", "display.setcursor(1, 1)", 'display.settext("hello")', "beeper.beep(0.1, 2400)")
    assert host.send("print(display.gettext())") == "hello"
    host.send("display.screen = display.SMUA_SMUB", "display.smua.measure.func = display.MEASURE_DCAMPS")
    host.send("display.sendkey(75)", "digio.writebit(3, 1)")
    assert host.number("digio.readport()") == 4
    host.expect_no_error()
