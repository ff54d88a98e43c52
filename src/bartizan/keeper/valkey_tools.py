"""Tool calls in the Valkey form of the keeper: two Lua scripts, each atomic on the server and by the server's clock."""

from __future__ import annotations

from typing import Final

from bartizan.core.tool_budget import PrincipalToolBudget, ToolBudget, ToolLimits, ToolUse
from bartizan.keeper.budget import nano
from bartizan.keeper.loops import LONGEST_ROUND, MOST_REMEMBERED, remembered
from bartizan.keeper.tool_book import IDLE_SECONDS, limited, used
from bartizan.keeper.valkey_scripts import CLOCK, WINDOW

ADMIT_CALL: Final = (
    CLOCK
    + WINDOW
    + """
-- KEYS: quarantines (everyone, principal, session), cooldown, ring, session sums, session recipients, principal prefix
-- ARGV: digest, spend, idle (s), remembered, repeats, rounds, session: kind ('' for none) and 3 limits,
--       principal: the same, recipients
for i = 1, 3 do if redis.call('EXISTS', KEYS[i]) == 1 then return {'quarantine', '0', 0} end end
local pause = redis.call('PTTL', KEYS[4])
if pause > 0 then return {'cooldown', tostring(pause / 1000), 0} end
local remembered, repeats, rounds = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if remembered > 0 then
  redis.call('RPUSH', KEYS[5], ARGV[1])
  redis.call('LTRIM', KEYS[5], -remembered, -1)
  redis.call('EXPIRE', KEYS[5], ARGV[3])
  local ring = redis.call('LRANGE', KEYS[5], 0, -1)
  local function circular(length, times)
    local first = #ring - length * times + 1
    if times <= 0 or first < 1 then return false, false end
    local different = false
    for i = first, #ring do
      if i - length >= first and ring[i] ~= ring[i - length] then return false, false end
      if ring[i] ~= ring[first] then different = true end
    end
    return true, different
  end
  if circular(1, repeats) then return {'loop.repeat', '0', 0} end
  for length = 2, 4 do
    local round, different = circular(length, rounds)
    if round and different then return {'loop.round', '0', 0} end
  end
end
local start, finish = 0, 0
local counted = {}
if ARGV[7] ~= '' then counted[#counted + 1] = {'session', KEYS[6], KEYS[7], 7, tonumber(ARGV[3])} end
if ARGV[11] ~= '' then
  start, finish = window(ARGV[11])
  local sums = KEYS[8] .. ':' .. ARGV[11] .. ':' .. string.format('%d', start)
  counted[#counted + 1] = {'principal', sums, sums .. ':recipients', 11, finish + 86400 - unix}
end
for _, row in ipairs(counted) do
  local sums = redis.call('HMGET', row[2], 'calls', 'spend')
  local wait = '0'
  if row[1] == 'principal' then wait = string.format('%.6f', finish - unix - tonumber(t[2]) / 1000000) end
  local most = tonumber(ARGV[row[4] + 1])
  if most > 0 and tonumber(sums[1] or '0') + 1 > most then return {row[1] .. '.calls', wait, 0} end
  most = tonumber(ARGV[row[4] + 2])
  if most > 0 and tonumber(sums[2] or '0') + tonumber(ARGV[2]) > most then return {row[1] .. '.spend', wait, 0} end
  most = tonumber(ARGV[row[4] + 3])
  if most > 0 then
    local fresh = 0
    for i = 15, #ARGV do if redis.call('HEXISTS', row[3], ARGV[i]) == 0 then fresh = fresh + 1 end end
    if fresh > 0 and redis.call('HLEN', row[3]) + fresh > most then return {row[1] .. '.recipients', wait, 0} end
  end
end
for _, row in ipairs(counted) do
  redis.call('HINCRBY', row[2], 'calls', 1)
  redis.call('HINCRBY', row[2], 'spend', ARGV[2])
  redis.call('EXPIRE', row[2], string.format('%d', row[5]))
  if tonumber(ARGV[row[4] + 3]) > 0 then
    for i = 15, #ARGV do redis.call('HINCRBY', row[3], ARGV[i], 1) end
    redis.call('EXPIRE', row[3], string.format('%d', row[5]))
  end
end
return {'', '0', start}
"""
)

TAKE_BACK: Final = (
    CLOCK
    + WINDOW
    + """
-- KEYS: session sums, session recipients, principal prefix
-- ARGV: spend, session ('' for none), principal's kind ('' for none), window of the reservation, recipients
local counted = {}
if ARGV[2] ~= '' then counted[#counted + 1] = {KEYS[1], KEYS[2]} end
if ARGV[3] ~= '' then
  local start = window(ARGV[3])
  if start == tonumber(ARGV[4]) then
    local sums = KEYS[3] .. ':' .. ARGV[3] .. ':' .. string.format('%d', start)
    counted[#counted + 1] = {sums, sums .. ':recipients'}
  end
end
for _, row in ipairs(counted) do
  if redis.call('EXISTS', row[1]) == 1 then
    if redis.call('HINCRBY', row[1], 'calls', -1) < 0 then redis.call('HSET', row[1], 'calls', 0) end
    if redis.call('HINCRBY', row[1], 'spend', '-' .. ARGV[1]) < 0 then redis.call('HSET', row[1], 'spend', 0) end
  end
  for i = 5, #ARGV do
    if redis.call('HEXISTS', row[2], ARGV[i]) == 1 and redis.call('HINCRBY', row[2], ARGV[i], -1) <= 0 then
      redis.call('HDEL', row[2], ARGV[i])
    end
  end
end
return 0
"""
)


def admit_arguments(use: ToolUse, limits: ToolLimits) -> list[str | int]:
    """``ARGV`` of ADMIT_CALL. Raises KeeperError for impossible amounts."""
    amounts, loops = used(use), limits.loops
    return [
        use.digest[:16],
        amounts.spend,
        IDLE_SECONDS,
        remembered(loops) if use.session else 0,
        min(loops.repeats, MOST_REMEMBERED),
        min(loops.rounds, MOST_REMEMBERED // LONGEST_ROUND),
        "session" if use.session and limited(limits.session) else "",
        *_limits(limits.session),
        limits.principal.window if limited(limits.principal) else "",
        *_limits(limits.principal),
        *amounts.recipients,
    ]


def take_back_arguments(use: ToolUse, limits: ToolLimits, window: int) -> list[str | int]:
    """``ARGV`` of TAKE_BACK. Raises KeeperError for impossible amounts."""
    amounts = used(use)
    session = "session" if use.session and limited(limits.session) else ""
    kind = limits.principal.window if limited(limits.principal) else ""
    return [amounts.spend, session, kind, window, *amounts.recipients]


def _limits(budget: ToolBudget | PrincipalToolBudget) -> list[str | int]:
    return [budget.calls, nano(budget.spend), budget.recipients]
