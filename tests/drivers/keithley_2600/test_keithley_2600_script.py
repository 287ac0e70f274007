"""The loaded script, run by a Lua interpreter on a stand-in that writes down what is done to it."""

from typing import Any

import pytest
from lupa import lua51

from drivers.keithley_tsp.scripts import SCRIPT, call

STAND_IN = """
log, now, printed, statements = {}, 0, {}, {}
local function recorded(name, values)
  return setmetatable({}, {__index = values, __newindex = function(_, key, value)
    log[#log + 1] = name .. key .. "=" .. tostring(value)
    values[key] = value
  end})
end
source = {output = 0, func = 1, levelv = 0, leveli = 0, offmode = 0, offfunc = 1, limitv = 20, limiti = 1, delay = -1,
          compliance = false}
settings = {nplc = 1, count = 1, interval = 0, delay = -1, filter = {enable = 0, count = 10}}
actual = {v = 0.4, i = 2e-6}
settings.v = function() return actual.v end
settings.i = function() return actual.i end
settings.iv = function(currents, voltages)
  log[#log + 1] = "iv x" .. settings.count .. " at " .. now
  currents.n = currents.n + settings.count
  now = now + 0.02
end
local function buffer()
  local made = {n = 0, timestamps = "t", readings = "r", statuses = "s"}
  made.clear = function() made.n = 0 end
  return made
end
smua = {source = recorded("", source), measure = recorded("m.", settings), nvbuffer1 = buffer(), nvbuffer2 = buffer()}
localnode = {linefreq = 50}
format = {data = 1}
local started = 0
timer = {reset = function() started = now end, measure = {t = function() return now - started end}}
delay = function(seconds) now = now + seconds end
print = function(...) printed[#printed + 1] = table.concat({...}, " ") end
printbuffer = function(first, last, ...)
  printed[#printed + 1] = format.data .. ": " .. first .. " to " .. last .. " of " .. table.concat({...}, " ")
end
"""


@pytest.fixture
def lua() -> Any:
    runtime = lua51.LuaRuntime()
    runtime.execute(STAND_IN)
    runtime.execute(SCRIPT)
    return runtime


def log(lua: Any, prefix: str = "") -> list[str]:
    return [line for line in lua.globals().log.values() if line.startswith(prefix)]


def printed(lua: Any) -> list[str]:
    return list(lua.globals().printed.values())


def prepare(lua: Any, kind: str = "v", rate: float = 0) -> None:
    lua.execute(call("prepare", "smua", f'"{kind}"', 1e-6, 0.1, 0.5, rate))


def test_the_output_goes_on_at_zero_after_its_limit_is_set(lua: Any) -> None:
    lua.execute("source.levelv = 3")
    prepare(lua)
    assert log(lua) == [
        "levelv=0", "func=1", "rangev=0.5", "limiti=1e-06", "m.nplc=0.1", "m.count=1", "m.interval=0", "output=1",
    ]  # fmt: skip
    assert lua.eval("smua.nvbuffer1.appendmode == 1 and smua.nvbuffer1.collecttimestamps == 1")


def test_an_output_that_forces_something_else_goes_off_first(lua: Any) -> None:
    lua.execute("source.output = 1")
    prepare(lua, "i")
    assert log(lua)[:4] == ["output=0", "leveli=0", "func=0", "rangei=0.5"]
    assert "limitv=1e-06" in log(lua)


@pytest.mark.parametrize(
    ("interval", "times"), [(0.5, ["iv x3 at 0"]), (2.0, ["iv x1 at 0", "iv x1 at 2", "iv x1 at 4"])]
)
def test_readings_are_spaced_by_the_instrument(lua: Any, interval: float, times: list[str]) -> None:
    lua.execute(call("repeated", "smua", '"v"', 0.2, 3, interval, 0.1))
    assert log(lua, "iv") == times
    assert log(lua, "level") == ["levelv=0.2"]
    assert lua.eval("smua.nvbuffer1.n") >= len(times)
    assert lua.eval("settings.count") == 1


def test_a_sweep_reads_at_each_level_after_its_delay(lua: Any) -> None:
    lua.execute("labctl.levels = {}")
    for line in (call("points", "1", "{0.1,0.2}"), call("points", "3", "{-0.3}")):
        lua.execute(line)
    lua.execute(call("sweep", "smua", '"v"', 3, 0.01, 0.1))
    assert log(lua) == [
        "levelv=0.1", "iv x1 at 0.01", "levelv=0.2", "iv x1 at 0.04", "levelv=-0.3", "iv x1 at 0.07",
    ]  # fmt: skip


def test_the_longest_time_is_announced_with_filter_and_delays(lua: Any) -> None:
    lua.execute("settings.filter.enable = 1 settings.delay = 0.5 source.delay = 0.25")
    lua.execute(call("announce", "smua", 2, 0.1))
    name, seconds = printed(lua)[0].split()
    assert name == "labctl-wait"
    assert float(seconds) == pytest.approx(2 * (10 * 3 * 0.02 + 0.75 + 0.1))


def ramp(lua: Any, rate: float) -> list[float]:
    lua.execute(call("ramp", "smua", rate))
    return [float(line.split("=")[1]) for line in log(lua, "level")]


def test_a_ramp_goes_from_the_level_to_zero_at_its_rate(lua: Any) -> None:
    lua.execute("source.output, source.levelv = 1, -0.5")
    levels = ramp(lua, 1.0)
    assert len(levels) == 500
    assert levels[0] == pytest.approx(-0.499)
    assert levels[-1] == 0.0
    assert lua.globals().now == pytest.approx(0.5)


def test_a_ramp_out_of_compliance_begins_at_the_actual_voltage(lua: Any) -> None:
    lua.execute("source.output, source.levelv, source.compliance = 1, 5, true")
    levels = ramp(lua, 1.0)
    assert levels[0] == pytest.approx(0.399)
    assert levels == sorted(levels, reverse=True)
    assert lua.globals().now == pytest.approx(0.4)


def test_an_overflow_does_not_lead_a_ramp_astray(lua: Any) -> None:
    lua.execute("source.output, source.levelv, source.compliance, actual.v = 1, 5, true, 9.91e37")
    assert max(ramp(lua, 10.0)) < 5.0


def test_a_current_ramps_so_that_its_voltage_keeps_the_rate(lua: Any) -> None:
    lua.execute("source.output, source.func, source.leveli = 1, 0, 1e-6")
    levels = ramp(lua, 4.0)
    assert lua.globals().now == pytest.approx(0.1)
    assert levels[0] == pytest.approx(1e-6 * 0.99)
    assert levels[-1] == 0.0


def test_a_long_ramp_keeps_its_rate(lua: Any) -> None:
    lua.execute("source.output, source.levelv = 1, 100")
    assert len(ramp(lua, 1.0)) == 10_000
    assert lua.globals().now == pytest.approx(100.0)


@pytest.mark.parametrize("state", ["source.output, source.levelv = 0, 5", "source.output = 1"])
def test_nothing_is_ramped_where_nothing_is_forced(lua: Any, state: str) -> None:
    lua.execute(state)
    assert ramp(lua, 1.0) == []


def test_rest_is_zero_then_off_in_the_mode_of_the_idle_policy(lua: Any) -> None:
    lua.execute("source.output, source.levelv = 1, 0.5")
    lua.execute(call("rest", "smua", 2, 0))
    assert log(lua) == ["levelv=0", "leveli=0", "offmode=2", "output=0"]
    lua.execute(call("rest", "smua", 2, 0))
    assert log(lua)[4:] == ["levelv=0", "leveli=0", "output=0"]


def test_the_report_is_binary_and_print_stays_text(lua: Any) -> None:
    lua.execute("smua.nvbuffer1.n = 7")
    lua.execute(call("report", "smua", 3))
    assert printed(lua) == ["labctl-data 7", "3: 1 to 7 of t r r s"]
    assert lua.eval("format.data") == 1


def test_a_report_of_nothing_is_no_block(lua: Any) -> None:
    lua.execute(call("report", "smua", 3))
    assert printed(lua) == ["labctl-data 0"]


def test_the_script_keeps_to_lua_5_0_and_to_short_lines() -> None:
    assert not set("#%") & set(SCRIPT)
    assert max(map(len, SCRIPT.splitlines())) <= 900
