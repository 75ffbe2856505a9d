import { describe, expect, it } from 'vitest'
import { admit } from '../src/admit.ts'
import { findCall } from '../src/find-call.ts'

const RULES = {
  imagePrefix: 'runnel/',
  runtime: undefined,
  maximum: { memoryBytes: 2 ** 31, processes: 512, diskBytes: 2 ** 30, cpus: 4 },
}
const UPDATE = findCall('POST', `/containers/${'a'.repeat(64)}/update`)
const GOOD = { Memory: 2 ** 28, MemorySwap: 2 ** 28, PidsLimit: 64 }
const OTHER = 'An update of something other than memory and processes'

describe('An update of a sandbox', () => {
  it('is written again', () => {
    expect(admit(UPDATE, JSON.stringify(GOOD), RULES)).toEqual({
      method: 'POST',
      path: `/containers/${'a'.repeat(64)}/update`,
      body: JSON.stringify(GOOD),
    })
  })

  it.each<readonly [what: string, body: string, sentence: string]>([
    ['swap', JSON.stringify({ ...GOOD, MemorySwap: 2 ** 29 }), OTHER],
    ['swap without a limit', JSON.stringify({ ...GOOD, MemorySwap: -1 }), OTHER],
    ['no memory limit', JSON.stringify({ ...GOOD, Memory: 0, MemorySwap: 0 }), OTHER],
    ['more memory than there can be', '{"Memory":1e400,"MemorySwap":1e400,"PidsLimit":64}', OTHER],
    [
      'a number that JavaScript rounds',
      '{"Memory":9007199254740993,"MemorySwap":9007199254740993,"PidsLimit":64}',
      OTHER,
    ],
    ['half a byte', JSON.stringify({ ...GOOD, Memory: 2 ** 28 + 0.5 }), OTHER],
    ['a text for a number', JSON.stringify({ ...GOOD, Memory: '268435456' }), OTHER],
    ['any number of processes', JSON.stringify({ ...GOOD, PidsLimit: -1 }), OTHER],
    ['no number of processes', JSON.stringify({ Memory: GOOD.Memory, MemorySwap: GOOD.MemorySwap }), OTHER],
    ['too many processes', JSON.stringify({ ...GOOD, PidsLimit: 10_000 }), 'with processes 99'],
    [
      'too much memory',
      JSON.stringify({ ...GOOD, Memory: 2 ** 32, MemorySwap: 2 ** 32 }),
      'with memoryBytes 4294967296',
    ],
    ['a field of another case', JSON.stringify({ ...GOOD, memory: 2 ** 40 }), OTHER],
    ['processors', JSON.stringify({ ...GOOD, NanoCpus: 64e9 }), OTHER],
    ['devices', JSON.stringify({ ...GOOD, Devices: [{ PathOnHost: '/dev/sda' }] }), OTHER],
    ['a list', '[]', OTHER],
    ['60,000 nested lists', '['.repeat(60_000), OTHER],
    ['nothing', '', OTHER],
  ])('is refused with %s', (_what, body, sentence) => {
    expect(() => admit(UPDATE, body, RULES)).toThrow(sentence)
  })

  it('has of two equal fields the one that was checked', () => {
    const twice = `{"Memory":1099511627776,${JSON.stringify(GOOD).slice(1)}`
    expect(admit(UPDATE, twice, RULES).body).toBe(JSON.stringify(GOOD))
  })
})
