"""Random and mutated messages: no exception, no hang, and the twin still knows its name."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

CORPUS = [
    b"*IDN?", b"*RST", b"*CLS", b"*ESE 32", b"*ESR?", b"*STB?", b"*OPC?", b"*TRG", b"*WAI", b"abort", b"reset()",
    b"loadscript mine", b"loadandrunscript", b"endscript", b"mine()", b"script.run()", b"print(errorqueue.next())",
    b"smua.source.func = smua.OUTPUT_DCAMPS", b"smua.source.output = 1", b"smua.source.output = 2", b"smua.source.levelv = 0.5",
    b"smub.source.leveli = 1e-3", b"smua.source.limiti = 1e-3", b"smua.source.rangev = 2", b"smua.measure.rangei = 1e-6",
    b"smua.measure.nplc = 0.01", b"print(smua.measure.iv())", b"smua.measure.overlappediv(smua.nvbuffer1, smua.nvbuffer2)",
    b"smua.measure.count = 5", b"smua.nvbuffer1.clear()", b"smua.nvbuffer1.appendmode = 1", b"waitcomplete()", b"delay(0.1)",
    b"printbuffer(1, 5, smua.nvbuffer1, smua.nvbuffer1.timestamps)", b"format.data = format.REAL32", b"printnumber(1, 2)",
    b"x = smua.makebuffer(100)", b"x = nil", b"t = {} for i = 1, 10 do t[i] = i end", b"table.insert(t, 1, 2)",
    b"for k, v in pairs(smua.source) do print(k, v) end", b"print(getmetatable(smua).Getters)", b"smua.measure.filter.enable = 1",
    b"smua.trigger.source.listv({1, 2, 3})", b"smua.trigger.source.linearv(0, 1, 5)", b"smua.trigger.source.action = 1",
    b"smua.trigger.measure.iv(smua.nvbuffer1, x)", b"smua.trigger.measure.action = 1", b"smua.trigger.count = 3",
    b"smua.trigger.initiate()", b"smua.trigger.arm.stimulus = trigger.EVENT_ID", b"trigger.blender[1].stimulus[1] = 51",
    b"trigger.timer[1].count = 0", b"trigger.timer[1].stimulus = 51", b"smua.trigger.source.stimulus = 20", b"smua.reset()",
    b"print(string.rep('x', 1000))", b"string.gsub('abc', '(.-)', '%1%1')", b"pcall(error, {})", b"setmetatable(_G, {})",
    b"SweepVLinMeasureI(smua, 0, 1, 0.001, 3)", b"localnode.prompts = 1", b"localnode.showerrors = 1", b"display.clear()",
    b"print(status.measurement.instrument.smua.condition)", b"status.operation.sweeping.enable = 65535", b"digio.writebit(1, 1)",
]  # fmt: skip
TOKENS = [
    b"nil", b"1e308", b"-1", b"0", b"{}", b"''", b"print", b"smua", b"smub.nvbuffer1", b"(", b")", b"[", b"]", b".", b",", b"=",
    b"\n", b"\r\n", b"\0", b"\xff", b"..", b"end", b"do", b"function() end", b"1/0", b"0/0", b"true", b"while true do", b"--", b"[[",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message with pieces cut out, put in, or joined to another one."""
    message = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(message)))
        cut = draw(st.integers(0, 8))
        put = draw(st.one_of(st.sampled_from(TOKENS), st.sampled_from(CORPUS), st.binary(max_size=4)))
        message = message[:at] + put + message[at + cut :]
    return message


MESSAGES = st.one_of(st.sampled_from(CORPUS), mutated(), mutated(), st.binary(max_size=60))


@seed(20250)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(MESSAGES, min_size=20, max_size=20))
def test_no_message_breaks_the_twin(make_host: Callable[..., Any], messages: list[bytes]) -> None:
    host = make_host(instructions=300_000)
    for message in messages:
        assert isinstance(host.twin.receive(message + b"\n"), bytes)
    host.twin.clear()
    assert b"Model 2636B, 4308079" in host.twin.receive(b"*IDN?\n")
