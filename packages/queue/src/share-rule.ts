/** Of so many places one is kept free, and at least one. With fewer than two places none is. */
const KEEP_ONE_IN = 8

/**
 * The one rule about places. It decides who may have the next one:
 *
 *   all    any tenant
 *   new    only a tenant that has no place yet
 *   none   nobody, until a job ends
 *
 * While other tenants have nothing running, no tenant gets the last places. Kept free is the smaller of two numbers: an eighth
 * of the places (at least one), and how many tenants have nothing running. So a tenant that is alone has all places, and a place
 * is kept only as long as somebody may come who has none.
 *
 * A tenant that is alone may also have jobs ready before a place is free, because that saves a worker a round trip. With
 * several tenants such a job would take the place that another tenant has just given back, so there are none.
 *
 * A function of Lua, because it must be one step with what it decides:
 *
 *   places      how many jobs all workers together run at once; 0 if that is not known, then nothing is kept
 *   tenants     how many tenants may submit
 *   taken       how many places have a job, or are about to have one
 *   countBusy   returns how many tenants have a place; called only if the answer depends on it
 */
export const SHARE_LUA = `
local function whoMayHaveNext(places, tenants, taken, countBusy)
  if tenants < 2 or places == 0 then return 'all' end
  if taken >= places then return 'none' end
  local kept = places < 2 and 0 or math.max(1, math.floor(places / ${KEEP_ONE_IN}))
  if taken < places - kept then return 'all' end
  -- No more tenants are busy than places are taken.
  if tenants - taken < kept then kept = math.min(kept, tenants - countBusy()) end
  return taken < places - kept and 'all' or 'new'
end
`
