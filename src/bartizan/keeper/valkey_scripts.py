"""The keeper's decisions as Lua scripts, each atomic on the server and by the server's clock.

Lua's numbers are doubles. Moments are therefore microseconds since 2025-01-01, which leaves a resolution of a hundredth
of a microsecond; sums stay exact up to 2^53. Works from Redis 5 and Valkey 7.2 on.
"""

from __future__ import annotations

from typing import Final

CLOCK: Final = """
if redis.replicate_commands then redis.replicate_commands() end
local t = redis.call('TIME')
local unix = tonumber(t[1])
local now = (unix - 1735689600) * 1000000 + tonumber(t[2])
"""

WINDOW: Final = """
local function window(kind)
  if kind == 'hour' then return unix - unix % 3600, unix - unix % 3600 + 3600 end
  local day = math.floor(unix / 86400)
  if kind == 'day' then return day * 86400, (day + 1) * 86400 end
  -- Days from civil and back (proleptic Gregorian calendar, eras of 400 years that begin in March).
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local first = day - (doy - math.floor((153 * mp + 2) / 5))
  local lengths = {31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28}
  local length = lengths[mp + 1]
  local year = yoe + era * 400 + ((mp >= 10) and 1 or 0)
  if mp == 11 and (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) then length = 29 end
  return first * 86400, (first + length) * 86400
end
"""

ADMIT: Final = (
    CLOCK
    + WINDOW
    + """
-- KEYS: rate, cooldown, quarantine, quarantine of everyone, budget prefix
-- ARGV: requests, interval (us), burst, slice, kind, most requests, most tokens, most cost, tokens, cost
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('EXISTS', KEYS[4]) == 1 then return {'quarantine', '0', 0, 0} end
local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return {'cooldown', tostring(pause / 1000), 0, 0} end
local start, finish, budget = 0, 0, ''
if ARGV[5] ~= '' then
  start, finish = window(ARGV[5])
  budget = KEYS[5] .. ':' .. ARGV[5] .. ':' .. string.format('%d', start)
  local spent = redis.call('HMGET', budget, 'requests', 'tokens', 'cost')
  local names = {'budget.requests', 'budget.tokens', 'budget.cost'}
  local wanted = {1, tonumber(ARGV[9]), tonumber(ARGV[10])}
  for i = 1, 3 do
    local most = tonumber(ARGV[5 + i])
    if most > 0 and tonumber(spent[i] or '0') + wanted[i] > most then
      return {names[i], string.format('%.6f', finish - unix - tonumber(t[2]) / 1000000), 0, 0}
    end
  end
end
local taken = 1
if ARGV[1] ~= '' then
  local interval, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
  if tonumber(ARGV[1]) == 0 then return {'rate', '0', 0, 0} end
  local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
  local available = math.floor((now + burst * interval - tat) / interval + 1e-9)
  if available < 1 then
    return {'rate', string.format('%.6f', (tat + interval - burst * interval - now) / 1000000), 0, 0}
  end
  taken = math.max(1, math.min(tonumber(ARGV[4]), math.floor(available / 8)))
  tat = tat + taken * interval
  redis.call('SET', KEYS[1], string.format('%.17g', tat), 'PX', string.format('%d', (tat - now) / 1000 + 1000))
end
if budget ~= '' then
  redis.call('HINCRBY', budget, 'requests', 1)
  redis.call('HINCRBY', budget, 'tokens', ARGV[9])
  redis.call('HINCRBY', budget, 'cost', ARGV[10])
  redis.call('EXPIREAT', budget, string.format('%d', finish + 86400))
end
return {'', '0', taken - 1, start}
"""
)

SETTLE: Final = (
    CLOCK
    + WINDOW
    + """
-- KEYS: budget prefix; ARGV: kind, tokens, cost, window of the reservation
local start, finish = window(ARGV[1])
local budget = KEYS[1] .. ':' .. ARGV[1] .. ':' .. string.format('%d', start)
local names = {'tokens', 'cost'}
local other = tonumber(ARGV[4]) ~= 0 and tonumber(ARGV[4]) ~= start
for i = 1, 2 do
  local change = tonumber(ARGV[1 + i])
  if change > 0 or (change < 0 and not other) then
    if redis.call('HINCRBY', budget, names[i], ARGV[1 + i]) < 0 then redis.call('HSET', budget, names[i], 0) end
  end
end
if redis.call('EXISTS', budget) == 1 then redis.call('EXPIREAT', budget, string.format('%d', finish + 86400)) end
return 0
"""
)

GIVE_BACK: Final = """
-- KEYS: rate; ARGV: interval (us), count
local tat = redis.call('GET', KEYS[1])
if tat then
  local left = redis.call('PTTL', KEYS[1])
  redis.call('SET', KEYS[1], string.format('%.17g', tonumber(tat) - tonumber(ARGV[1]) * tonumber(ARGV[2])))
  if left > 0 then redis.call('PEXPIRE', KEYS[1], left) end
end
return 0
"""

RECORD_BLOCK: Final = (
    CLOCK
    + """
-- KEYS: blocks, cooldown; ARGV: blocks, span (us), pause (ms)
local wanted = tonumber(ARGV[1])
redis.call('RPUSH', KEYS[1], string.format('%.17g', now))
redis.call('LTRIM', KEYS[1], -wanted, -1)
redis.call('PEXPIRE', KEYS[1], string.format('%d', math.max(1, tonumber(ARGV[2]) / 1000)))
if redis.call('LLEN', KEYS[1]) < wanted or tonumber(ARGV[3]) <= 0 then return 0 end
if now - tonumber(redis.call('LINDEX', KEYS[1], 0)) > tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('SET', KEYS[2], '1', 'PX', ARGV[3]) end
return 1
"""
)

PUBLISH: Final = """
-- KEYS: snapshot; ARGV: version, digest, payload
local current = redis.call('HMGET', KEYS[1], 'version', 'digest')
if current[1] and tonumber(ARGV[1]) <= tonumber(current[1]) then
  if tonumber(ARGV[1]) == tonumber(current[1]) and ARGV[2] == current[2] then return 0 end
  return -1
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'digest', ARGV[2], 'payload', ARGV[3])
return 1
"""
