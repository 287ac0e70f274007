"""The script that is loaded into the instrument at opening, and the lines that call it.

It keeps to Lua 5.0 (no ``#``, no ``%``). Each function works on an SMU that is passed in; ``kind`` is ``"v"`` or
``"i"``: what is forced. ``labctl-wait`` announces the longest time to the next line, in s, so that the driver's
time-out follows settings that only the instrument knows; ``labctl-data`` announces a binary block.

Source: Series 2600B Reference Manual 2600BS-901-01, sections on scripting, reading buffers and ``printbuffer``.
"""

from collections.abc import Iterator
from itertools import count as numbered

import numpy as np

from labctl.capabilities import Floats

NAME = "labctl_smu"
LONGEST_LINE = 900
"""Characters of a line; users have seen the limit at about 1 kB."""
LONGEST_INTERVAL = 1.0
"""Highest ``measure.interval``, in s (*unconfirmed*); longer ones are timed with the instrument's ``timer``."""
RAMP_STEP = 1e-3
"""Time between two levels of a ramp, in s (assumed)."""
AUTOZERO_FACTOR = 3
"""Integrations in a reading with its reference and zero readings (*unconfirmed*)."""

SCRIPT = f"""\
labctl = {{levels = {{}}}}
function labctl.points(first, list)
  for i, level in ipairs(list) do labctl.levels[first + i - 1] = level end
end
function labctl.prepare(smu, kind, limit, nplc, range, rate)
  local volts = kind == "v"
  local func = volts and 1 or 0
  if rate > 0 then labctl.ramp(smu, rate) end
  if smu.source.func ~= func then smu.source.output = 0 end
  smu.source["level" .. kind] = 0
  smu.source.func = func
  smu.source["range" .. kind] = range
  smu.source["limit" .. (volts and "i" or "v")] = limit
  smu.measure.nplc = nplc
  smu.measure.count = 1
  smu.measure.interval = 0
  for number = 1, 2 do
    local buffer = smu["nvbuffer" .. number]
    buffer.clear()
    buffer.appendmode = 1
    buffer.collecttimestamps = 1
  end
  smu.source.output = 1
end
function labctl.announce(smu, count, pause)
  local one = {AUTOZERO_FACTOR} * smu.measure.nplc / localnode.linefreq
  if smu.measure.filter.enable == 1 then one = one * smu.measure.filter.count end
  one = one + math.max(0, smu.source.delay) + math.max(0, smu.measure.delay)
  print("labctl-wait", count * (one + pause))
end
function labctl.repeated(smu, kind, level, count, interval, settling)
  labctl.announce(smu, count, interval + settling)
  smu.source["level" .. kind] = level
  if interval <= {LONGEST_INTERVAL!r} then
    smu.measure.count = count
    smu.measure.interval = interval
    smu.measure.iv(smu.nvbuffer1, smu.nvbuffer2)
    smu.measure.count = 1
    smu.measure.interval = 0
    return
  end
  timer.reset()
  for i = 1, count do
    local early = (i - 1) * interval - timer.measure.t()
    if early > 0 then delay(early) end
    smu.measure.iv(smu.nvbuffer1, smu.nvbuffer2)
  end
end
function labctl.sweep(smu, kind, count, pause, settling)
  labctl.announce(smu, count, pause + settling)
  for i = 1, count do
    smu.source["level" .. kind] = labctl.levels[i]
    if pause > 0 then delay(pause) end
    smu.measure.iv(smu.nvbuffer1, smu.nvbuffer2)
  end
end
function labctl.ramp(smu, rate)
  if smu.source.output ~= 1 then return end
  local kind = smu.source.func == 1 and "v" or "i"
  local level = smu.source["level" .. kind]
  if level == 0 then return end
  smu.measure.count = 1
  if smu.source.compliance then
    local actual = smu.measure[kind]()
    if math.abs(actual) < math.abs(level) then level = actual end
  end
  local volts = math.abs(level)
  if kind == "i" then volts = math.min(math.abs(smu.measure.v()), smu.source.limitv) end
  local count = math.max(1, math.min(10000, math.ceil(volts / rate / {RAMP_STEP!r})))
  print("labctl-wait", volts / rate + count * 0.01)
  for i = 1, count do
    smu.source["level" .. kind] = level * (count - i) / count
    delay(volts / rate / count)
  end
end
function labctl.rest(smu, offmode, rate)
  if rate > 0 then labctl.ramp(smu, rate) end
  smu.source.levelv = 0
  smu.source.leveli = 0
  if smu.source.offmode ~= offmode then smu.source.offmode = offmode end
  if smu.source.offfunc ~= 1 then smu.source.offfunc = 1 end
  smu.source.output = 0
end
function labctl.report(smu, data)
  local count = smu.nvbuffer1.n
  print("labctl-data", count)
  if count == 0 then return end
  format.data = data
  local currents, voltages = smu.nvbuffer1, smu.nvbuffer2
  printbuffer(1, count, currents.timestamps, voltages.readings, currents.readings, currents.statuses)
  format.data = 1
end
"""


def number(value: float) -> str:
    """Return ``value`` in the shortest form that reads back as the same number."""
    return repr(int(value)) if isinstance(value, (bool, int, np.integer)) else repr(float(value))


def call(name: str, *arguments: str | float) -> str:
    """Return the call of a function of the script; texts go as they are, numbers in shortest round-trip form."""
    return f"labctl.{name}({', '.join(a if isinstance(a, str) else number(a) for a in arguments)})"


def level_lines(levels: Floats) -> Iterator[str]:
    """Give the lines that load (n,) ``levels``, in V or A, none longer than `LONGEST_LINE`."""
    texts = [number(level) for level in levels]
    start = 0
    while start < len(texts):
        room = LONGEST_LINE - len("labctl.points(100000, {})")
        for end in numbered(start):
            if end == len(texts) or (room := room - len(texts[end]) - 1) < 0:
                break
        yield f"labctl.points({start + 1}, {{{','.join(texts[start:end])}}})"
        start = end
