-- The sandbox. Runs once, before the host is heard; what it keeps in locals no script can reach.
-- Arguments: the host's functions (Python), the soft memory limit in kB, and how far (kB) what scripts keep may stand above it.
-- No Python object is ever handed to a script: host functions are upvalues, and what they return is plain data.
local host, soft_limit, kept_limit = ...

local assert, error, getmetatable, ipairs, loadstring, next, pairs, pcall, rawequal, rawget, rawset, select, setfenv,
  setmetatable, tonumber, tostring, type, unpack, collectgarbage, gcinfo =
  assert, error, getmetatable, ipairs, loadstring, next, pairs, pcall, rawequal, rawget, rawset, select, setfenv,
  setmetatable, tonumber, tostring, type, unpack, collectgarbage, gcinfo
local sethook = debug.sethook
local concat, insert, floor, max, min = table.concat, table.insert, math.floor, math.max, math.min
local byte, find, format, gmatch, gsub, match, rep, sub =
  string.byte, string.find, string.format, string.gmatch, string.gsub, string.match, string.rep, string.sub
local host_tick, host_get, host_set, host_call, host_members, host_emit, host_number, host_random, host_forget =
  host.tick, host.get, host.set, host.call, host.members, host.emit, host.number, host.random, host.forget

local OUT_OF_MEMORY = "not enough memory" -- the text that the interpreter itself uses
local MAX_ARGUMENTS = 200
local MAX_TEXT = 65536 -- bytes of one text that a host function takes
local PIECE = 4096 -- bytes of text that a pattern works on for what a thousand instructions cost
local PATTERN_BUDGET = 1e8 -- steps that one pattern may take at worst

-- Limits ------------------------------------------------------------------------------------------------------------

local RESERVE = 1024 -- kB for a message that finds the memory full, so that the host can ask why and free some
local MARGIN = 256 -- kB that a collection has to leave free, or it would come again at once
local limit = soft_limit

local function room()
  if collectgarbage("count") > limit then
    collectgarbage()
    if collectgarbage("count") > limit - MARGIN then error(OUT_OF_MEMORY, 0) end
  end
end

local function open_reserve()
  limit = soft_limit
  if collectgarbage("count") > soft_limit - RESERVE then
    collectgarbage()
    limit = max(soft_limit, min(collectgarbage("count") + RESERVE, kept_limit))
  end
end

local hook
hook = function()
  local stopping = host_tick()
  if stopping == nil then return end -- the host is taking the hook away
  if stopping then
    sethook(hook, "", 1) -- a script that catches the error meets it again at its next instruction
    error("stopped", 0)
  end
  room()
end

local function stop()
  sethook(hook, "", 1)
  error("stopped", 0)
end

-- The namespace -----------------------------------------------------------------------------------------------------

local proxies = setmetatable({}, { __mode = "v" }) -- id -> proxy
local ids = setmetatable({}, { __mode = "k" }) -- proxy -> id
local functions = setmetatable({}, { __mode = "v" }) -- id -> closure
local proxy_of

local function reap()
  collectgarbage()
  host_forget(function(id) return proxies[id] ~= nil end)
end

local function flat(list)
  local copy = {}
  for i = 1, #list do
    local value = tonumber(rawget(list, i))
    if not value then return nil end
    copy[i] = value
  end
  return copy
end

local function encode(value)
  local kind = type(value)
  if kind == "string" and #value > MAX_TEXT then return "x", false end
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "nil" then return "v", value end
  if kind == "table" then
    if ids[value] then return "o", ids[value] end
    local list = flat(value)
    if list then return "l", list end
  end
  return "x", false
end

local decode

local function conclude(ok, status, ...)
  if not ok or status == "stop" then stop() end
  if status == "error" then
    local text = ...
    error(text, 3)
  end
  if status == "value" then return ... end
  return decode(status, ...)
end

local function call(id, ...)
  local count = select("#", ...)
  if count > MAX_ARGUMENTS then error("too many arguments", 3) end
  room()
  local kinds, values = {}, {}
  for i = 1, count do
    kinds[i], values[i] = encode((select(i, ...)))
  end
  return pcall(host_call, id, concat(kinds), unpack(values, 1, count))
end

decode = function(status, id)
  if status == "object" then return proxy_of(id) end
  if status == "function" then
    local closure = functions[id]
    if not closure then
      closure = function(...) return conclude(call(id, ...)) end
      functions[id] = closure
    end
    return closure
  end
  return nil
end

local function read(id, key)
  room()
  if type(key) ~= "string" and type(key) ~= "number" then return true, "value", nil end
  return pcall(host_get, id, key)
end

local function write(id, key, value)
  room()
  if type(key) ~= "string" and type(key) ~= "number" then return true, "error", "attempt to set an unknown attribute" end
  local kind, plain = encode(value)
  return pcall(host_set, id, key, kind, plain)
end

-- The names of a table's members, from Python's lists.
local function names_of(id)
  local _, objects, getters, setters, kind = pcall(host_members, id)
  local function list(text)
    local names = {}
    for name in gmatch(text, "[^,]+") do names[#names + 1] = tonumber(name) or name end
    return names
  end
  return list(objects), list(getters), list(setters), kind
end

local function set_of(names, value_of)
  local set = {}
  for _, name in ipairs(names) do set[name] = value_of(name) end
  return set
end

-- What getmetatable() shows, for hosts that walk the namespace: functions, constants and tables by name in Objects,
-- accessors of attributes in Getters and Setters.
local function metatable_of(proxy)
  local objects, getters, setters, kind = names_of(ids[proxy])
  return {
    Objects = set_of(objects, function(name) return proxy[name] end),
    Getters = set_of(getters, function(name) return function() return proxy[name] end end),
    Setters = set_of(setters, function(name) return function(value) proxy[name] = value end end),
    luatype = kind,
  }
end

proxy_of = function(id)
  local proxy = proxies[id]
  if proxy then return proxy end
  proxy = {}
  setmetatable(proxy, {
    __index = function(_, key) return conclude(read(id, key)) end,
    __newindex = function(_, key, value) return conclude(write(id, key, value)) end,
    __metatable = false,
  })
  proxies[id], ids[proxy] = proxy, id
  return proxy
end

-- The library that scripts see --------------------------------------------------------------------------------------

local env = {}
env._G, env._VERSION = env, "Lua 5.0.2"
env.assert, env.error, env.ipairs, env.rawequal, env.select, env.setmetatable, env.tonumber, env.tostring, env.type,
  env.unpack, env.gcinfo, env.rawget, env.rawset, env.pcall =
  assert, error, ipairs, rawequal, select, setmetatable, tonumber, tostring, type, unpack, gcinfo, rawget, rawset, pcall

-- The interpreter's own xpcall runs the handler inside the hook that raised the error, where no hook could end it.
local function handled(handler, ok, ...)
  if ok then return true, ... end
  return false, handler(...)
end
function env.xpcall(f, handler) return handled(handler, pcall(f)) end

local function next_name(id, key)
  return (next(set_of(names_of(id), function() return true end), key))
end

function env.next(t, key)
  local id = ids[t]
  if not id then return next(t, key) end
  local name = next_name(id, key)
  if name == nil then return nil end
  return name, t[name]
end

function env.pairs(t)
  local id = ids[t]
  if not id then return pairs(t) end
  local names = set_of(names_of(id), function() return true end)
  return function(_, key)
    local name = next(names, key)
    if name ~= nil then return name, t[name] end
  end, t, nil
end

function env.getmetatable(value)
  if type(value) == "string" then return nil end -- as in Lua 5.0
  if ids[value] then return metatable_of(value) end
  return getmetatable(value)
end

function env.collectgarbage()
  collectgarbage()
  hook()
  return 0
end

local function compile(text, name)
  if byte(text, 1) == 27 then return nil, name .. ":1: precompiled chunks are not accepted" end
  local chunk, message = loadstring(text, "=" .. name)
  if chunk then setfenv(chunk, env) end
  return chunk, message
end

function env.loadstring(text, name)
  room()
  return compile(tostring(text), tostring(name or "tsp"))
end

local function guard(text, pattern)
  if type(text) == "number" then text = tostring(text) end
  if type(pattern) == "number" then pattern = tostring(pattern) end
  if type(text) ~= "string" or type(pattern) ~= "string" then return end
  local _, quantifiers = gsub(pattern, "[%*%+%-%?]", "")
  local steps = (#text + 1) ^ (quantifiers + (byte(pattern, 1) == 94 and quantifiers > 0 and 0 or 1)) * (#pattern + 1)
  if steps > PATTERN_BUDGET then error("pattern too complex", 3) end
  for _ = PIECE, #text, PIECE do hook() end
  room()
end

-- The string library's own table is changed too: ("x"):rep(n) finds it by the strings' metatable.
function string.find(text, pattern, ...)
  local _, plain = ...
  if not plain then guard(text, pattern) end
  if plain and #tostring(text) * #tostring(pattern) > 1e9 then error("pattern too complex", 2) end
  return find(text, pattern, ...)
end
function string.match(text, pattern, ...)
  guard(text, pattern)
  return match(text, pattern, ...)
end
function string.gmatch(text, pattern)
  guard(text, pattern)
  return gmatch(text, pattern)
end
string.gfind = string.gmatch
function string.gsub(text, pattern, ...)
  guard(text, pattern)
  return gsub(text, pattern, ...)
end
function string.rep(text, count)
  if type(text) == "string" and type(count) == "number" then
    if text == "" then return "" end
    if #text * count > soft_limit * 1024 then error(OUT_OF_MEMORY, 0) end
  end
  room()
  return rep(text, count)
end
string.dump = nil
env.string = string

local original_insert = insert
function table.insert(list, ...)
  local position = ...
  if select("#", ...) > 1 and (type(position) ~= "number" or not (position >= 1 and position <= #list + 1)) then
    error("position out of bounds", 2)
  end
  return original_insert(list, ...)
end
env.table = table

function math.random(low, high)
  local share = host_random()
  if not low then return share end
  if not high then low, high = 1, low end
  return floor(low + share * (high - low + 1))
end
math.randomseed = function() end -- the twin is seeded: every run is the same
math.mod = math.fmod
env.math = math

local function text_of(value)
  if type(value) == "number" then return host_number(value) end
  local text = tostring(value)
  if type(text) ~= "string" then error("'tostring' must return a string to 'print'", 3) end
  return text
end

function env.print(...)
  local count = select("#", ...)
  if count > MAX_ARGUMENTS then error("too many arguments", 2) end
  local texts = {}
  for i = 1, count do
    texts[i] = text_of((select(i, ...)))
  end
  room()
  if host_emit(concat(texts, "\t") .. "\n") then stop() end
end

-- Scripts -----------------------------------------------------------------------------------------------------------

local library = { user = { scripts = {} } }
env.script = library

local function make_script(name, source)
  local chunk, message = compile(source, "tsp")
  if not chunk then return nil, message end
  local script = { name = name, source = source, autorun = "no" }
  script.run = function(...) return chunk(...) end
  script.save = function() end -- there is no memory to survive a power cycle
  script.list = function() env.print(source) end
  setmetatable(script, { __call = function(_, ...) return chunk(...) end })
  if name == "" then
    library.anonymous = script
    library.run = script.run
  else
    rawset(env, name, script)
    library.user.scripts[name] = script
  end
  return script
end

function library.new(source, name)
  local script, message = make_script(tostring(name or ""), tostring(source))
  if not script then error(message, 2) end
  return script
end

function library.delete(name)
  library.user.scripts[name] = nil
  rawset(env, name, nil)
end

-- What Python calls -------------------------------------------------------------------------------------------------

local function guarded(chunk)
  open_reserve()
  sethook(hook, "", 1000)
  local ok, message = pcall(chunk)
  if not ok and type(message) ~= "string" then message = "(error object is not a string)" end
  sethook()
  if ok then return "ok" end
  return "runtime", message
end

local entry = {}
function entry.run(text)
  local chunk, message = compile(text, "tsp")
  if not chunk then return "syntax", message end
  return guarded(chunk)
end
function entry.load(name, text, run)
  local script, message = make_script(name, text)
  if not script then return "syntax", message end
  if run then return guarded(script.run) end
  return "ok"
end
function entry.define(name, status, id) env[name] = decode(status, id) end
function entry.unhook() sethook() end
function entry.collect() collectgarbage() end
entry.reap = reap
return entry
