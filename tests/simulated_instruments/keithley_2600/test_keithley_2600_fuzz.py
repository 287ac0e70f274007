"""Random and mutated messages: no exception, no hang, and the twin still knows its name."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

CORPUS = b"""*IDN?
*RST
*CLS
*ESE 32
*ESR?
*STB?
*OPC?
*TRG
*WAI
abort
reset()
loadscript mine
loadandrunscript
endscript
mine()
script.run()
print(errorqueue.next())
smua.source.func = smua.OUTPUT_DCAMPS
smua.source.output = 1
smua.source.output = 2
smua.source.levelv = 0.5
smub.source.leveli = 1e-3
smua.source.limiti = 1e-3
smua.source.rangev = 2
smua.measure.rangei = 1e-6
smua.measure.nplc = 0.01
print(smua.measure.iv())
smua.measure.overlappediv(smua.nvbuffer1, smua.nvbuffer2)
smua.measure.count = 5
smua.nvbuffer1.clear()
smua.nvbuffer1.appendmode = 1
waitcomplete()
delay(0.1)
printbuffer(1, 5, smua.nvbuffer1, smua.nvbuffer1.timestamps)
format.data = format.REAL32
printnumber(1, 2)
x = smua.makebuffer(100)
x = nil
t = {} for i = 1, 10 do t[i] = i end
table.insert(t, 1, 2)
for k, v in pairs(smua.source) do print(k, v) end
print(getmetatable(smua).Getters)
smua.measure.filter.enable = 1
smua.trigger.source.listv({1, 2, 3})
smua.trigger.source.linearv(0, 1, 5)
smua.trigger.source.action = 1
smua.trigger.measure.iv(smua.nvbuffer1, x)
smua.trigger.measure.action = 1
smua.trigger.count = 3
smua.trigger.initiate()
smua.trigger.arm.stimulus = trigger.EVENT_ID
trigger.blender[1].stimulus[1] = 51
trigger.timer[1].count = 0
trigger.timer[1].stimulus = 51
smua.trigger.source.stimulus = 20
smua.reset()
print(string.rep('x', 1000))
string.gsub('abc', '(.-)', '%1%1')
pcall(error, {})
setmetatable(_G, {})
SweepVLinMeasureI(smua, 0, 1, 0.001, 3)
localnode.prompts = 1
localnode.showerrors = 1
display.clear()
print(status.measurement.instrument.smua.condition)
status.operation.sweeping.enable = 65535
digio.writebit(1, 1)""".split(b"\n")
TOKENS = [
    b"nil", b"1e308", b"-1", b"0", b"{}", b"''", b"print", b"smua", b"smub.nvbuffer1", b"(", b")", b"[", b"]",
    b".", b",", b"=", b"\n", b"\r\n", b"\x00", b"\xff", b"..", b"end", b"do", b"function() end", b"1/0",
    b"0/0", b"true", b"while true do", b"--", b"[[",
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


WALK = """
local seen, paths = {}, {}
local function walk(path, object)
  if seen[object] then return end
  seen[object] = true
  local names = getmetatable(object)
  for name in pairs(names.Getters) do table.insert(paths, 'a ' .. path .. '.' .. name) end
  for name, member in pairs(object) do
    if type(member) == 'table' then walk(path .. '.' .. name, member) end
    if type(member) == 'function' then table.insert(paths, 'f ' .. path .. '.' .. name) end
  end
end
local roots = {'smua', 'trigger', 'status', 'display', 'format', 'localnode', 'digio', 'timer', 'beeper', 'errorqueue'}
for _, name in ipairs(roots) do
  walk(name, _G[name])
end
for _, path in ipairs(paths) do print(path) end
"""
ODD_VALUES = [
    "",
    "nil",
    "0",
    "-1",
    "2.5",
    "1e300",
    "0/0",
    "true",
    "'text'",
    "{}",
    "{1, 2}",
    "print",
    "smua",
    "smua.nvbuffer1",
]


def test_everything_in_the_namespace_takes_any_value(make_host: Callable[..., Any]) -> None:
    paths = make_host().send("loadandrunscript", *WALK.strip().splitlines(), "endscript").split("\n")
    assert len(paths) > 300
    host = make_host(instructions=300_000)
    for path in paths:
        kind, name = path.split()
        for value in ODD_VALUES:
            host.send(f"{name} = {value}" if kind == "a" else f"print({name}({value}))")
            if kind == "f" and value:
                host.send(f"{name}({value}, {value})", f"{name}(1, 2, {value}, {value})")
        host.send("smua.abort()", "localnode.prompts = 0", "localnode.showerrors = 0", "errorqueue.clear()")
    assert host.send("waitcomplete() reset() print(smua.source.levelv)") == "0.00000e+00"
    assert host.clock.now() > 1e-3 * len(ODD_VALUES) * len(paths)  # every message took its time: none was swallowed
