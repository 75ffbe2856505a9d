import { tenantLimitsSchema } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { findFault, LIMIT_FIELDS, type TenantField, toLimits, toTexts } from '../src/views/keys/tenant-form.ts'

const field = (name: TenantField['name']): TenantField => {
  const found = LIMIT_FIELDS.find((one) => one.name === name)
  if (found === undefined) throw new Error(`There is no field ${name}`)
  return found
}

describe("The form of a tenant's limits", () => {
  test('shows limits in the units that people use, and sends the units of the API', () => {
    const limits = tenantLimitsSchema.parse({
      running: 4,
      limits: { wallMs: 1_500, memoryBytes: 536_870_912, processes: 64 },
      sandboxes: 20,
      fileBytes: 1_048_576,
      sandboxLimits: { timeoutMs: 60_000 },
      languages: ['python'],
    })
    const texts = toTexts(limits)
    expect([texts.running, texts.queued, texts.wallMs, texts.memoryBytes, texts.processes, texts.diskBytes]).toEqual([
      '4',
      '',
      '1.5',
      '512',
      '64',
      '',
    ])
    expect(toLimits(texts, ['python'], limits)).toEqual(limits)
  })

  test('leaves what is empty to the deployment', () => {
    const unset = tenantLimitsSchema.parse({})
    expect(tenantLimitsSchema.parse(toLimits({ ...toTexts(unset), queued: ' ' }, null, unset))).toEqual(unset)
  })

  test('says what is wrong with a text', () => {
    expect(findFault(field('wallMs'), '30')).toBe(undefined)
    expect(findFault(field('wallMs'), '')).toBe(undefined)
    expect(findFault(field('wallMs'), '-1')).toBe('A number above 0, or nothing')
    expect(findFault(field('memoryBytes'), 'much')).toBe('A number above 0, or nothing')
    expect(findFault(field('processes'), '1.5')).toBe('A whole number')
    expect(findFault(field('wallMs'), '0.0001')).toBe('Fewer digits: s with at most three decimals')
  })
})
