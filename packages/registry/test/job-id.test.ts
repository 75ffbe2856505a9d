import { jobIdSchema } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { createJobId, isJobOf } from '../src/index.ts'

describe("A job's id", () => {
  test('belongs to its tenant and to no other', () => {
    for (let n = 0; n < 1_000; n += 1) {
      const id = createJobId('acme')
      expect(jobIdSchema.safeParse(id).success).toBe(true)
      expect([isJobOf('acme', id), isJobOf('acme2', id), isJobOf('', id)]).toEqual([true, false, false])
    }
  })

  test('does not belong to its tenant if any character of it is changed', () => {
    const id = createJobId('acme')
    for (let at = 'job_'.length; at < id.length; at += 1) {
      const digit = id[at] === '0' ? '1' : '0'
      expect(isJobOf('acme', id.slice(0, at) + digit + id.slice(at + 1))).toBe(false)
    }
    for (const text of ['', 'x', id.toUpperCase(), `${id}0`, ` ${id}`, `${id}\n`])
      expect(isJobOf('acme', text)).toBe(false)
  })

  test('is never made twice', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => createJobId('acme'))).size).toBe(10_000)
  })
})
