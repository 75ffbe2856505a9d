import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SETTINGS } from '../../../packages/process/src/index.ts'
import { MEMORY_SHARE } from '../../../packages/redis/src/index.ts'

const MIB = 1024 * 1024
const UNITS: Readonly<Record<string, number>> = { m: MIB, mb: MIB, g: 1024 * MIB, gb: 1024 * MIB }

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')
const compose = read('docker-compose.yml')
const conf = read('infra/redis/redis.conf')
/** The part of one service. */
const redis = /^ {2}redis:\n(?: {4}.*\n|\n)+/m.exec(compose)?.[0] ?? ''

/** `2560m`, as Docker writes it, or `1gb`, as Redis does. */
const toBytes = (text: string | undefined): number => {
  const [, number, unit = ''] = /^(\d+)(\w+)$/.exec(text ?? '') ?? []
  return Number(number) * (UNITS[unit] ?? Number.NaN)
}

const maxmemory = toBytes(/RUNNEL_REDIS_MAXMEMORY:-(\w+)/.exec(redis)?.[1])
const limit = toBytes(/^ {4}mem_limit: \$\{RUNNEL_REDIS_MEMORY_LIMIT:-(\w+)\}/m.exec(redis)?.[1])
const kept = Number(/RUNNEL_MAX_KEPT_BYTES:-(\d+)/.exec(compose)?.[1])
const keptOfTenant = Number(/RUNNEL_MAX_KEPT_BYTES_PER_TENANT:-(\d+)/.exec(compose)?.[1])
const { parse } = SETTINGS.api.RUNNEL_MAX_KEPT_BYTES

/** Redis needs this much more than what is counted (docs/operations.md, "When Redis is full"). */
const OVERHEAD = 1.2

test('The Redis that comes with Runnel has a bound, drops nothing, and keeps a log', () => {
  expect(toBytes(/^maxmemory (\w+)$/m.exec(conf)?.[1])).toBe(maxmemory)
  expect(conf).toMatch(/^maxmemory-policy noeviction$/m)
  expect(conf).toMatch(/^appendonly yes$/m)
})

test('What jobs may keep fits well below the share of memory at which submissions are refused', () => {
  expect(parse(undefined)).toBe(kept)
  expect(keptOfTenant).toBe(kept / 2)
  expect(kept * OVERHEAD).toBeLessThanOrEqual(0.9 * MEMORY_SHARE.admission * maxmemory)
  expect(MEMORY_SHARE).toEqual({ admission: 0.75, log: 0.85 })
})

test('The buffers of slow subscribers fit into what is kept free for locks and ends', () => {
  const [, perSubscriber] = /^client-output-buffer-limit pubsub (\w+) /m.exec(conf) ?? []
  expect(toBytes(perSubscriber)).toBe(32 * MIB)
  expect(4 * toBytes(perSubscriber)).toBeLessThanOrEqual((1 - MEMORY_SHARE.log) * maxmemory)
})

test('Its container has room for the copy that a rewrite of the log makes, and does not swap', () => {
  expect(limit - 2 * maxmemory).toBe(512 * MIB)
  expect(redis).toMatch(/^ {4}memswap_limit: \$\{RUNNEL_REDIS_MEMORY_LIMIT:-2560m\}$/m)
})

test('Its container has no capabilities, no way to new ones, and a root that is read only', () => {
  expect(redis).toMatch(/^ {4}cap_drop: \[ALL\]$/m)
  expect(redis).toMatch(/^ {4}security_opt: \["no-new-privileges:true"\]$/m)
  expect(redis).toMatch(/^ {4}read_only: true$/m)
  expect(redis).not.toMatch(/^ {4}(?:cap_add|ports|privileged):/m)
})
