import { createHash } from 'node:crypto'
import { jobIdSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { createJobIds } from '../src/index.ts'

describe("A job's id", () => {
  test('belongs to its tenant and to no other, in every process', async ({ redis, prefix }) => {
    const [one, other] = [createJobIds({ redis, prefix }), createJobIds({ redis, prefix })]
    const made = await Promise.all([one.create('acme'), other.create('acme')])
    for (const id of made) {
      expect(jobIdSchema.safeParse(id).success).toBe(true)
      for (const ids of [one, other]) {
        const answers = await Promise.all(['acme', 'acme2', ''].map((tenant) => ids.isOf(tenant, id)))
        expect(answers).toEqual([true, false, false])
      }
    }
  })

  test('does not belong to its tenant if any character of it is changed', async ({ redis, prefix }) => {
    const ids = createJobIds({ redis, prefix })
    const id = await ids.create('acme')
    for (let at = 'job_'.length; at < id.length; at += 1) {
      const digit = id[at] === '0' ? '1' : '0'
      expect(await ids.isOf('acme', id.slice(0, at) + digit + id.slice(at + 1))).toBe(false)
    }
    for (const text of ['', 'x', id.toUpperCase(), `${id}0`, ` ${id}`, `${id}\n`]) {
      expect(await ids.isOf('acme', text)).toBe(false)
    }
  })

  test('does not show its tenant to who knows the name and not the secret', async ({ redis, redisKeys, prefix }) => {
    const ids = createJobIds({ redis, prefix })
    const id = await ids.create('acme')
    const [random, mark] = [id.slice(4, 24), id.slice(24)]
    expect(createHash('sha256').update(`acme\n${random}`).digest('hex').slice(0, 12)).not.toBe(mark)
    // Nor to another Runnel: its secret is another one.
    await redis.del(redisKeys.jobIdSecret)
    const elsewhere = createJobIds({ redis, prefix })
    expect(await elsewhere.isOf('acme', id)).toBe(false)
    await elsewhere.create('acme')
    expect(await elsewhere.isOf('acme', id)).toBe(false)
  })

  test('is never made twice', async ({ redis, prefix }) => {
    const ids = createJobIds({ redis, prefix })
    const made = await Promise.all(Array.from({ length: 1_000 }, () => ids.create('acme')))
    expect(new Set(made).size).toBe(1_000)
  })

  test('needs no secret to be refused: nothing is written before the first job', async ({ redis, prefix }) => {
    expect(await createJobIds({ redis, prefix }).isOf('acme', `job_${'0'.repeat(32)}`)).toBe(false)
    expect(await redis.keys(`${prefix}*`)).toEqual([])
  })
})
