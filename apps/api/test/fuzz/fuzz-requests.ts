import type { Redis } from '@runnel/redis'
import { redisTest } from '@runnel/redis/testing'
import fc from 'fast-check'
import type { RouteOptions } from 'fastify'
import { expect } from 'vitest'
import { expectGoodAnswer } from './answers.ts'
import { expectGoodService, type House, openHouse } from './house.ts'
import { isOpen, nameOf, plainRequests, requestsFor } from './requests.ts'
import { fuzzTimeout, runs } from './runs.ts'
import { within } from './within.ts'

const ANSWER_MS = 4_000
/** Of the requests for a route, so many are certainly valid. */
const VALID = 4

/** How many random requests each route gets, and each public page. */
export interface Amount {
  readonly perRoute: number
  readonly perOpenRoute: number
  /** Whether there are so many that certainly some are refused. Of 80, about ten are. */
  readonly someAreRefused: boolean
}

const test = redisTest.extend('house', ({ redisUrl, prefix, resources }) => openHouse({ redisUrl, prefix, resources }))

/** The answers of a route. */
interface Answers {
  /** How often each status came. */
  readonly statuses: Map<number, number>
  /** The ids of jobs in its answers. */
  readonly jobs: Set<string>
}

const fuzz = async (house: House, route: RouteOptions, count: number): Promise<Answers> => {
  const statuses = new Map<number, number>()
  const jobs = new Set<string>()
  const property = fc.asyncProperty(requestsFor(route, house), async (request) => {
    const answer = await within(ANSWER_MS, house.api.app.inject(request))
    const status = expectGoodAnswer(answer)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const [, id] = /^\{"id":"(job_[0-9a-f]{32})"/.exec(answer.body) ?? []
    if (id !== undefined) jobs.add(id)
  })
  const examples = fc.sample(plainRequests(route, house), VALID).map((request): [typeof request] => [request])
  await fc.assert(property, { ...runs(count), examples })
  return { statuses, jobs }
}

const count = (answers: Answers | undefined, status: number): number => answers?.statuses.get(status) ?? 0

/** For each kind of Redis key that requests make, how many there are; and the names of all other keys. */
const readKeys = async (redis: Redis, prefix: string) => {
  const names = await redis.keys(`${prefix}*`)
  const jobs = new Set(names.flatMap((name) => name.match(/job_[0-9a-f]{32}/g) ?? []))
  const having = (part: string) => names.filter((name) => name.includes(part)).length
  const others = names.filter(
    (name) => !/job_[0-9a-f]{32}|:ticket:|:rate:|:submission:|:stats:|:sessions:|:file:|sbx-[0-9a-f]{24}/.test(name),
  )
  return { jobs: jobs.size, tickets: having(':ticket:'), once: having(':submission:'), others }
}

/** No request here says that it accepts HTML, and there is no built page. */
const PAGES = [
  '/',
  '/r/:job',
  '/sandboxes',
  '/files',
  '/s/:sandbox',
  '/history',
  '/history/compare',
  '/ops',
  '/ops/keys',
  '/account',
  '/sign-in',
  '/assets/*',
]

/** These are called without an upgrade, for finished jobs, or without a session of socket.io. */
const CALLED_OTHERWISE = [
  'GET /socket.io/',
  'POST /socket.io/',
  'GET /v1/stream',
  'POST /v1/jobs/:id/stdin',
  'POST /v1/jobs/:id/signal',
  'POST /v1/jobs/:id/resize',
]
/** No worker holds the sandbox: it waits. So it can only be asked about, and ended. */
const IN_SANDBOX = /^\w+ \/v1\/sandboxes\/:id/
const GOOD_IN_SANDBOX = [
  ...['GET', 'HEAD', 'DELETE'].map((method) => `${method} /v1/sandboxes/:id`),
  // What came to its previews is kept in Redis: no worker is asked.
  'GET /v1/sandboxes/:id/requests',
  'HEAD /v1/sandboxes/:id/requests',
]
const NEVER_GOOD = [...CALLED_OTHERWISE, ...PAGES.flatMap((url) => [`GET ${url}`, `HEAD ${url}`])]

export const testRequests = ({ perRoute, perOpenRoute, someAreRefused }: Amount): void => {
  test('Any input to any route is answered in time, never with status 500, and leaves nothing in Redis if it is refused', {
    timeout: fuzzTimeout,
  }, async ({ house, redis, prefix }) => {
    const { routes, api } = house
    await expectGoodService(house)
    const before = await readKeys(redis, prefix)
    const keysBefore = (await api.backend.keys.list()).length
    const answered = new Map<string, Answers>()
    const faults: unknown[] = []
    for (const route of routes) {
      await fuzz(house, route, isOpen(route) ? perOpenRoute : perRoute).then(
        (answers) => answered.set(nameOf(route), answers),
        // One run reports every route that fails.
        (cause: unknown) => faults.push(new Error(`Not so for ${nameOf(route)}`, { cause })),
      )
    }
    expect(faults).toEqual([])
    await expectGoodService(house)

    // Some requests passed the checks of each route, and some did not.
    for (const route of routes) {
      const name = nameOf(route)
      const statuses = answered.get(name)?.statuses ?? new Map()
      const isGood = [...statuses.keys()].some((status) => status < 400)
      const isRefused = [...statuses.keys()].some((status) => status >= 400)
      const isNeverGood = NEVER_GOOD.includes(name) || (IN_SANDBOX.test(name) && !GOOD_IN_SANDBOX.includes(name))
      expect([name, isGood]).toEqual([name, !isNeverGood])
      if (someAreRefused && !isOpen(route)) expect([name, isRefused]).toEqual([name, true])
    }

    const taken = answered.get('POST /v1/jobs')?.jobs.size ?? 0
    const executed = count(answered.get('POST /execute'), 200) + count(answered.get('POST /api/execute'), 200)
    const after = await readKeys(redis, prefix)
    // One more comes from the valid request above.
    expect(after.jobs - before.jobs).toBeLessThanOrEqual(taken + executed + 1)
    expect(after.tickets).toBeLessThanOrEqual(count(answered.get('POST /v1/tickets'), 201))
    expect(after.once).toBeLessThanOrEqual(taken)
    // All names are ours; none is made from the input.
    for (const name of after.others) expect(name.slice(prefix.length)).toMatch(/^(?::[a-z-]+){1,4}$/)
    expect(after.others.length).toBeLessThan(40)
    const made = count(answered.get('POST /v1/admin/keys'), 201)
    expect((await api.backend.keys.list()).length - keysBefore).toBe(made)
  })
}
