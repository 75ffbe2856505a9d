import { eventually } from '@runnel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type RunOptions, run as runIn } from './run.ts'

const RUNS = 4

/** Programs that each print a value that no other program may ever print. */
const SOURCES = {
  python: `import os, random, secrets, tempfile, uuid
print(random.random(), random.SystemRandom().random(), secrets.token_hex(8), uuid.uuid4(), uuid.uuid1(), os.urandom(8).hex())
print(tempfile.mktemp(), tempfile.mkdtemp(), random.Random().getrandbits(64), os.getrandom(8).hex())`,
  javascript: `const crypto = require('node:crypto')
console.log(Math.random(), crypto.randomUUID(), crypto.randomBytes(8).toString('hex'), crypto.randomInt(2 ** 47))
console.log(crypto.getRandomValues(new BigUint64Array(1)).join(), require('node:fs').mkdtempSync('/tmp/'))`,
  bash: 'echo $RANDOM-$RANDOM-$RANDOM-$RANDOM $SRANDOM $(mktemp -u) $(cat /proc/sys/kernel/random/uuid)',
} as const
/** How many values each prints. */
const VALUES: Readonly<Record<string, number>> = { python: 10, javascript: 6, bash: 4 }

/** Searches all of its own memory. The words that it looks for are not part of the program. */
const SEARCH = `import re
found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
    for line in maps:
        addresses, rights = line.split()[:2]
        first, last = (int(address, 16) for address in addresses.split("-"))
        if rights[0] != "r" or "[v" in line: continue
        try:
            memory.seek(first)
            found += len(re.findall(b"[l]eft-behind", memory.read(last - first)))
        except (OSError, OverflowError): pass
print(found)`

describe('A program that was started ahead', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  const print = async (options: RunOptions): Promise<string> => {
    const { stdout, stderr } = await runIn(sandboxes, options)
    expect(stderr.toString()).toBe('')
    return stdout.toString().trim()
  }

  /** Each program printed this many values, and no two programs the same one. */
  const expectAllDifferent = (printed: readonly string[], values: number) => {
    const rows = printed.map((line) => line.split(/\s+/))
    const columns = Array.from({ length: values }, (_, column) => rows.map((row) => row[column]))
    expect(rows.map((row) => row.length)).toEqual(Array.from({ length: RUNS }, () => values))
    expect(columns.map((column) => new Set(column).size)).toEqual(columns.map(() => RUNS))
  }

  const languages = Object.entries(SOURCES)
  it.each(languages)('in %s has random numbers and names that no other program has', async (language, source) => {
    const printed = await Promise.all(Array.from({ length: RUNS }, () => print({ language, source })))
    expectAllDifferent(printed, VALUES[language] ?? 0)
  })

  it.each(languages)(
    'in %s has its own random numbers, also after others in the same sandbox',
    async (language, source) => {
      const printed: string[] = []
      while (printed.length < RUNS) printed.push(await print({ language, source, tenantId: 'random' }))
      expectAllDifferent(printed, VALUES[language] ?? 0)
    },
  )

  it('has its own hash seed and addresses in a container of its own', async () => {
    const source = 'print(hash("x"), id(object()), hash(b"y"))'
    expectAllDifferent(
      await Promise.all(Array.from({ length: RUNS }, () => print({ source, isolation: 'container' }))),
      3,
    )
  })

  it('has the time of the host, in UTC, and a locale with all characters', async () => {
    const source = `import locale, sys, time
print(time.time(), *time.tzname, locale.setlocale(locale.LC_ALL, ""), sys.stdout.encoding, time.monotonic() < time.monotonic(), time.process_time() < 1)`
    const [time, ...rest] = (await print({ source })).split(' ')
    expect(Math.abs(Number(time) * 1000 - Date.now())).toBeLessThan(5_000)
    expect(rest).toEqual(['UTC', 'UTC', 'C.UTF-8', 'utf-8', 'True', 'True'])
    const node = 'console.log(Date.now(), new Date().getTimezoneOffset(), "ä".localeCompare("b") < 0)'
    const [now, ...others] = (await print({ language: 'javascript', source: node })).split(' ')
    expect(Math.abs(Number(now) - Date.now())).toBeLessThan(5_000)
    expect(others).toEqual(['0', 'true'])
  })

  it('finds nothing in its memory of the program before it in the same sandbox', async () => {
    const tenantId = 'memory'
    let first = ''
    const leave = `kept = ["left-behind" + str(n) for n in range(100_000)]\n${SEARCH}`
    const found = await print({ source: leave, tenantId, onSandbox: ({ id }) => (first = id) })
    expect(Number(found)).toBeGreaterThan(100_000)
    await eventually(async () => {
      let second = ''
      const after = await print({ source: SEARCH, tenantId, onSandbox: ({ id }) => (second = id) })
      expect(after).toBe('0')
      return second === first
    })
  })
})
