-- The factory scripts that are in every unit, on the public namespace. Sweeps end with the output off, data in nvbuffer1.
-- Source: Series 2600B Reference Manual, KISweep and KIPulse factory scripts. The defaults of left-out arguments, the limits that the
-- pulse functions take and what they return are unconfirmed.

local function prepare(smu, func)
  smu.source.func = func
  smu.nvbuffer1.clear()
  smu.nvbuffer1.appendmode = 1
  smu.nvbuffer1.collecttimestamps = 1
  smu.nvbuffer1.collectsourcevalues = 1
  smu.measure.count = 1
end

local function sweep(smu, source, measure, levels, settle, points)
  prepare(smu, source == "levelv" and smu.OUTPUT_DCVOLTS or smu.OUTPUT_DCAMPS)
  smu.source[source] = levels(1)
  smu.source.output = smu.OUTPUT_ON
  for point = 1, points do
    smu.source[source] = levels(point)
    delay(settle)
    smu.measure[measure](smu.nvbuffer1)
  end
  smu.source.output = smu.OUTPUT_OFF
  smu.source[source] = 0
  smu.nvbuffer1.appendmode = 0
end

local function linear(start, stop, points)
  return function(point) return start + (point - 1) * (stop - start) / (points - 1) end
end

local function logarithmic(start, stop, points)
  return function(point) return start * (stop / start) ^ ((point - 1) / (points - 1)) end
end

local function listed(list)
  return function(point) return list[point] end
end

function SweepVLinMeasureI(smu, startv, stopv, stime, points) sweep(smu, "levelv", "i", linear(startv, stopv, points), stime, points) end
function SweepILinMeasureV(smu, starti, stopi, stime, points) sweep(smu, "leveli", "v", linear(starti, stopi, points), stime, points) end
function SweepVLogMeasureI(smu, startv, stopv, stime, points) sweep(smu, "levelv", "i", logarithmic(startv, stopv, points), stime, points) end
function SweepILogMeasureV(smu, starti, stopi, stime, points) sweep(smu, "leveli", "v", logarithmic(starti, stopi, points), stime, points) end
function SweepVListMeasureI(smu, vlist, stime, points) sweep(smu, "levelv", "i", listed(vlist), stime, points) end
function SweepIListMeasureV(smu, ilist, stime, points) sweep(smu, "leveli", "v", listed(ilist), stime, points) end

local function pulse(smu, source, measure, bias, level, ton, toff, points, buffer)
  buffer.clear()
  buffer.appendmode = 1
  for point = 1, points do
    smu.source[source] = level
    delay(ton)
    smu.measure[measure](buffer)
    smu.source[source] = bias
    delay(toff)
  end
end

local function pulses(smu, source, measure, bias, level, ton, toff, points)
  prepare(smu, source == "levelv" and smu.OUTPUT_DCVOLTS or smu.OUTPUT_DCAMPS)
  smu.source[source] = bias
  smu.source.output = smu.OUTPUT_ON
  pulse(smu, source, measure, bias, level, ton, toff, points, smu.nvbuffer1)
  smu.source.output = smu.OUTPUT_OFF
  smu.nvbuffer1.appendmode = 0
end

function PulseVMeasureI(smu, bias, level, ton, toff, points) pulses(smu, "levelv", "i", bias, level, ton, toff, points) end
function PulseIMeasureV(smu, bias, level, ton, toff, points) pulses(smu, "leveli", "v", bias, level, ton, toff, points) end

local tests = {}

local function configure(smu, source, limiter, measure, bias, level, limit, ton, toff, points, buffer, tag)
  if smu.source.output ~= smu.OUTPUT_ON then return false, "output is off" end
  tests[tag] = function()
    smu.source[limiter] = limit
    pulse(smu, source, measure, bias, level, ton, toff, points, buffer)
  end
  return true, "ok"
end

function ConfigPulseVMeasureI(smu, bias, level, limit, ton, toff, points, buffer, tag)
  return configure(smu, "levelv", "limiti", "i", bias, level, limit, ton, toff, points, buffer, tag)
end
function ConfigPulseIMeasureV(smu, bias, level, limit, ton, toff, points, buffer, tag)
  return configure(smu, "leveli", "limitv", "v", bias, level, limit, ton, toff, points, buffer, tag)
end
function InitiatePulseTest(tag)
  if not tests[tag] then return false, "no such pulse test" end
  tests[tag]()
  return true, "ok"
end

function makegetter(object, name)
  return function() return object[name] end
end
function makesetter(object, name)
  return function(value) object[name] = value end
end
