"""Scripts, user functions, loops, and what well-known client software sends."""

import struct
from typing import Any

import pytest

FAST_SWEEP = """smua.measure.nplc = 0.100000000000
smua.source.output = 1
startX = -1.000000000000
dX = 0.020000000000
smua.sense = 0
smua.source.output = 1
smua.source.func = 1
smua.measure.count = 1
smua.nvbuffer1.clear()
smua.nvbuffer1.appendmode = 1
for index = 1, 101 do
  target = startX + (index-1)*dX
  smua.source.levelv = target
  smua.measure.i(smua.nvbuffer1)
end
format.data = format.REAL32
format.byteorder = format.LITTLEENDIAN
printbuffer(1, 101, smua.nvbuffer1.readings)""".split("\n")
"""A sweep as a public driver uploads it, with CR LF between its lines."""


def test_a_script_runs_when_it_is_loaded_and_answers_in_binary(host: Any) -> None:
    message = "\r\n".join(["loadandrunscript", *FAST_SWEEP, "endscript"]) + "\n"
    reply = host.twin.receive(message.encode())
    assert len(reply) == 2 + 4 * 101 + 1
    amps = struct.unpack("<101f", reply[2:-1])
    assert amps[0] == pytest.approx(-1e-3, rel=0.01)
    assert amps[-1] == pytest.approx(1e-3, rel=0.01)
    host.expect_no_error()


def test_a_named_script_waits_until_it_is_called(host: Any) -> None:
    assert host.send("loadscript hello", "print('first')", "print('second')", "endscript") == ""
    assert host.send("hello()") == "first\nsecond"
    assert host.send("hello.run()", "print(hello.name)") == "first\nsecond\nhello"
    assert host.send("hello.save()", "script.delete('hello')", "print(hello)") == "nil"


def test_the_unnamed_script_is_replaced_by_the_next(host: Any) -> None:
    host.send("loadscript", "print(1)", "endscript", "loadscript", "print(2)", "endscript")
    assert host.send("script.run()", "script.anonymous()") == "2.00000e+00\n2.00000e+00"


def test_a_syntax_error_in_a_script_shows_at_its_end_with_its_line(host: Any) -> None:
    host.send("loadscript bad", "x = 1", "x = = 2", "endscript")
    assert host.error() == (-285, "TSP Syntax error at line 2: unexpected symbol near '='")
    assert host.send("print(bad, x)") == "nil\tnil"


def test_a_run_time_error_names_the_line_of_the_script(host: Any) -> None:
    host.send("loadandrunscript", "y = 1", "", "nothing.at = 1", "endscript")
    assert host.error() == (-286, "TSP Runtime error at line 3: attempt to index global `nothing' (a nil value)")


def test_common_commands_are_no_part_of_a_script(host: Any) -> None:
    host.send("loadandrunscript", "*IDN?", "endscript")
    assert host.error()[0] == -285


def test_functions_and_globals_persist_and_locals_do_not(host: Any) -> None:
    host.send("function double(x) return 2 * x end", "a = 4 local b = 5")
    assert host.send("print(double(a), b)") == "8.00000e+00\tnil"
    assert (
        host.send("t = {} for i = 1, 3 do table.insert(t, i * i) end print(table.getn(t), t[3])")
        == "3.00000e+00\t9.00000e+00"
    )
    assert host.send("print(math.abs(-2), math.mod(7, 4), string.format('%d', 3))") == "2.00000e+00\t3.00000e+00\t3"


def test_a_loop_on_the_instrument_prints_a_line_a_point(host: Any) -> None:
    host.send("smua.source.output = 1")
    reply = host.send("for v = 0.1, 0.35, 0.1 do smua.source.levelv = v delay(0.001) print(smua.measure.iv()) end")
    rows = [[float(value) for value in row.split("\t")] for row in reply.split("\n")]
    assert [row[1] for row in rows] == pytest.approx([0.1, 0.2, 0.3], abs=1e-3)


def test_a_delay_and_the_timer_use_the_clock_of_the_bench(host: Any) -> None:
    host.send("timer.reset() delay(3600)")
    assert host.clock.now() > 3600
    assert host.number("timer.measure.t()") == pytest.approx(3600, abs=0.1)


def test_a_list_may_be_built_in_parts_and_swept(host: Any) -> None:
    host.send(
        "mylist = {}", *[f"table.insert(mylist, {i / 100})" for i in range(60)], "smua.trigger.source.listv(mylist)"
    )
    host.send("smua.trigger.source.action = 1", "smua.trigger.count = 60", "smua.source.output = 1")
    host.send("smua.trigger.measure.v(smua.nvbuffer1)", "smua.trigger.measure.action = 1", "smua.trigger.initiate()")
    assert host.send("waitcomplete() print(smua.nvbuffer1.n)") == "6.00000e+01"
    host.expect_no_error()


def test_what_two_public_drivers_send_is_understood(host: Any) -> None:
    host.send(
        "smua.source.leveli=0.000000",
        "smua.measure.nplc=1.000000",
        "smua.source.limiti=0.100000",
        "smua.source.output=1",
    )
    host.send("smua.measure.v()", "smua.measure.autorangev=1", "smua.source.autorangev=0", "smua.source.rangev=2")
    value, status = host.send("print(smua.measure.i(), status.measurement.instrument.smua.condition)").split("\t")
    assert float(status) == 0
    assert float(value) == pytest.approx(0, abs=1e-6)
    assert float(host.send("print(smua.source.output)")) == 1
    host.expect_no_error()


def test_pulse_functions_measure_once_a_pulse(host: Any) -> None:
    host.send("PulseVMeasureI(smua, 0, 1, 1e-3, 1e-3, 4)")
    assert host.number("smua.nvbuffer1.n") == 4
    assert host.number("smua.nvbuffer1[4]") == pytest.approx(1e-3, rel=0.01)
    host.send("smua.source.output = 1")
    reply = host.send("print(ConfigPulseVMeasureI(smua, 0, 1, 0.1, 1e-3, 1e-3, 3, smua.nvbuffer2, 1))")
    assert reply == "true\tok"
    assert host.send("print(InitiatePulseTest(1))", "print(smua.nvbuffer2.n)") == "true\tok\n3.00000e+00"
    host.expect_no_error()
