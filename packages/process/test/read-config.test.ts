import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig, StartError } from '../src/index.ts'

const schema = z.object({
  RUNNEL_API_PORT: z.coerce.number().int().min(1).max(65535).default(8080),
  RUNNEL_SANDBOX: z.enum(['docker', 'local']).default('docker'),
  REDIS_URL: z.url().default('redis://127.0.0.1:6379'),
  RUNNEL_PREFIX: z.string().min(1).default('{runnel}'),
})

const refusal = (env: NodeJS.ProcessEnv, given: z.ZodType = schema): string => {
  try {
    readConfig(given, env)
  } catch (error) {
    if (error instanceof StartError) return error.message
    throw error
  }
  throw new Error('The configuration was accepted')
}

describe('the configuration', () => {
  test('has the defaults if nothing is set', () => {
    expect(readConfig(schema, {})).toEqual({
      RUNNEL_API_PORT: 8080,
      RUNNEL_SANDBOX: 'docker',
      REDIS_URL: 'redis://127.0.0.1:6379',
      RUNNEL_PREFIX: '{runnel}',
    })
  })

  test('treats an empty variable as absent', () => {
    expect(readConfig(schema, { RUNNEL_API_PORT: '' }).RUNNEL_API_PORT).toBe(8080)
  })

  test.each([
    ['abc', 'RUNNEL_API_PORT: must be a number, not "abc"'],
    ['80.5', 'RUNNEL_API_PORT: must be a whole number, not "80.5"'],
    ['0', 'RUNNEL_API_PORT: must be at least 1, not "0"'],
    ['70000', 'RUNNEL_API_PORT: must be at most 65535, not "70000"'],
  ])('says what is wrong with the port %s', (port, sentence) => {
    expect(refusal({ RUNNEL_API_PORT: port })).toBe(sentence)
  })

  test('names all valid choices', () => {
    expect(refusal({ RUNNEL_SANDBOX: 'vm' })).toBe('RUNNEL_SANDBOX: must be docker or local, not "vm"')
  })

  test('gives one sentence for every wrong variable', () => {
    expect(refusal({ RUNNEL_API_PORT: '0', RUNNEL_SANDBOX: 'vm' }).split('\n')).toEqual([
      'RUNNEL_API_PORT: must be at least 1, not "0"',
      'RUNNEL_SANDBOX: must be docker or local, not "vm"',
    ])
  })

  test('never repeats a value that may hold a password', () => {
    const message = refusal({ REDIS_URL: 'hunter2' })
    expect(message).toBe('REDIS_URL: must be a valid url')
  })

  test('says that a variable without a default must be set', () => {
    expect(refusal({}, z.object({ RUNNEL_PREFIX: z.string() }))).toBe('RUNNEL_PREFIX: must be set')
  })
})
