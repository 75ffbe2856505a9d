import { LANGUAGES } from '@runnel/languages'
import { readConfig, StartError } from '@runnel/process'
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
    ['RUNNEL_CONCURRENCY', '0', 'must be at least 1, not "0"'],
    ['RUNNEL_CONCURRENCY', 'many', 'must be a whole number, not "many"'],
    ['RUNNEL_SANDBOX', 'none', 'must be docker or local, not "none"'],
    [
      'RUNNEL_LANGUAGES',
      'python,cobol',
      'must be a comma list of python,javascript,typescript,bash,html, not "python,cobol"',
    ],
    ['RUNNEL_CPUS', '-1', 'must be a number, not "-1"'],
    ['RUNNEL_WORKER_LISTEN', '9464', 'must be an address and a port, such as 127.0.0.1:9464, not "9464"'],
    ['RUNNEL_WORKER_LISTEN', 'a:70000', 'must be an address and a port, such as 127.0.0.1:9464, not "a:70000"'],
    ['REDIS_URL', 'localhost', 'must be a redis:// or rediss:// URL'],
    ['DOCKER_HOST', 'ssh://engine', 'cannot be reached over ssh: use unix:// or, with TLS, tcp://, not "ssh://engine"'],
    ['DOCKER_TLS_VERIFY', 'true', 'must be 1, or absent for an engine without TLS, not "true"'],
  ])('names %s when it is %j', (name, value, fault) => {
    expect(() => readConfig(configSchema, { [name]: value })).toThrow(new StartError(`${name}: ${fault}`))
  })
})
