import { LANGUAGES } from '@runnel/languages'
import { readConfig } from '@runnel/process'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../src/config.ts'

describe('The worker’s configuration', () => {
  it('has a default for everything', () => {
    const config = readConfig(configSchema, {})
    expect(config).toMatchObject({ sandbox: 'docker', imagePrefix: 'runnel/', cpus: 1, runtime: undefined })
    expect(config.languages).toEqual(LANGUAGES)
    expect(config.concurrency).toBeGreaterThan(0)
    expect(config.poolMin).toBeGreaterThan(0)
  })

  it.each([
    ['RUNNEL_CONCURRENCY', '0'],
    ['RUNNEL_CONCURRENCY', 'many'],
    ['RUNNEL_SANDBOX', 'none'],
    ['RUNNEL_LANGUAGES', 'python,cobol'],
    ['RUNNEL_CPUS', '-1'],
    ['REDIS_URL', 'localhost'],
    ['DOCKER_HOST', 'ssh://engine'],
    ['DOCKER_TLS_VERIFY', 'true'],
  ])('names %s when it is %j', (name, value) => {
    expect(() => readConfig(configSchema, { [name]: value })).toThrow(`${name}: `)
  })
})
