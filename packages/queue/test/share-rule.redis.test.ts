import { createLuaScript } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'
import { SHARE_LUA } from '../src/share-rule.ts'

const ruleScript = createLuaScript(`${SHARE_LUA}
local places, tenants, taken, busy = unpack(ARGV)
return whoMayHaveNext(tonumber(places), tonumber(tenants), tonumber(taken), function() return tonumber(busy) end)`)

interface Row {
  readonly places: number
  readonly tenants: number
  readonly taken: number
  readonly busy: number
  readonly who: 'all' | 'new' | 'none'
}
const row = (places: number, tenants: number, taken: number, busy: number, who: Row['who']): Row => ({
  places,
  tenants,
  taken,
  busy,
  who,
})

const ROWS: readonly Row[] = [
  // A tenant that is alone has all places, and jobs ready beyond them.
  row(70, 1, 69, 1, 'all'),
  row(70, 1, 70, 1, 'all'),
  // Nobody knows how many places there are.
  row(0, 5, 12, 1, 'all'),
  // Two tenants: one place is kept for the one that has nothing, and none when both have something.
  row(70, 2, 0, 0, 'all'),
  row(70, 2, 68, 1, 'all'),
  row(70, 2, 69, 1, 'new'),
  row(70, 2, 70, 1, 'none'),
  row(70, 2, 69, 2, 'all'),
  // Many tenants: an eighth of the places is kept, rounded down.
  row(70, 1_000, 61, 1, 'all'),
  row(70, 1_000, 62, 1, 'new'),
  row(70, 1_000, 69, 60, 'new'),
  row(16, 1_000, 13, 1, 'all'),
  row(16, 1_000, 14, 1, 'new'),
  // Never more than there are tenants without a job.
  row(70, 5, 66, 2, 'all'),
  row(70, 5, 67, 2, 'new'),
  row(70, 5, 69, 5, 'all'),
  // Few places: at least one is kept, and with one place none.
  row(4, 2, 2, 1, 'all'),
  row(4, 2, 3, 1, 'new'),
  row(2, 2, 1, 1, 'new'),
  row(2, 9, 1, 1, 'new'),
  row(1, 2, 0, 0, 'all'),
  row(1, 2, 1, 1, 'none'),
  // A worker has died, or a key was revoked: more is taken than there are places, more tenants are busy than there are.
  row(4, 2, 6, 1, 'none'),
  row(8, 2, 7, 3, 'all'),
]

test.for(ROWS)(
  'with $places places, $tenants tenants, $taken places taken by $busy tenants: $who',
  async ({ places, tenants, taken, busy, who }, { redis }) => {
    expect(await ruleScript(redis, [], [places, tenants, taken, busy])).toBe(who)
  },
)
