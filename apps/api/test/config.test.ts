import { LIMITS } from '@runnel/contract/public'
import { HTML, LANGUAGES } from '@runnel/languages'
import { readConfig, StartError } from '@runnel/process'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../src/config.ts'

describe('The configuration', () => {
  test('needs nothing to be set', () => {
    expect(readConfig(configSchema, {})).toMatchObject({
      redisUrl: 'redis://127.0.0.1:6379',
      prefix: '{runnel}',
      host: '127.0.0.1',
      port: 8080,
      retentionMs: 86_400_000,
      logLevel: 'info',
      bounds: { queued: 50_000, tenant: { queued: 10_000, running: 1_000 } },
      keptBounds: { all: 536_870_912, tenant: 268_435_456 },
    })
    expect(readConfig(configSchema, {}).languages).toEqual([...LANGUAGES, HTML])
    expect(LIMITS).toMatchObject(readConfig(configSchema, {}).policy)
  })

  test('sets the bounds of the queue', () => {
    const { bounds } = readConfig(configSchema, {
      RUNNEL_MAX_QUEUED: '30',
      RUNNEL_MAX_QUEUED_PER_TENANT: '20',
      RUNNEL_MAX_RUNNING_PER_TENANT: '10',
    })
    expect(bounds).toEqual({ queued: 30, tenant: { queued: 20, running: 10 } })
  })

  test('accepts languages by any of their names, each once', () => {
    const { languages } = readConfig(configSchema, { RUNNEL_LANGUAGES: 'py, node,python' })
    expect(languages.map(({ id }) => id)).toEqual(['python', 'javascript'])
  })

  test('says whether other machines can reach the API, also if a container publishes it', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.example.org']) {
      expect(readConfig(configSchema, { RUNNEL_API_HOST: host })).toMatchObject({ host, isPrivate: false })
      expect(readConfig(configSchema, { RUNNEL_API_PUBLISHED_ON: host }).isPrivate).toBe(false)
    }
    for (const host of ['127.0.0.1', '127.0.0.2', 'localhost', '::1']) {
      expect(readConfig(configSchema, { RUNNEL_API_HOST: host })).toMatchObject({ host, isPrivate: true })
    }
    const container = { RUNNEL_API_HOST: '0.0.0.0', RUNNEL_API_PUBLISHED_ON: '127.0.0.1' }
    expect(readConfig(configSchema, container)).toMatchObject({ host: '0.0.0.0', isPrivate: true })
  })

  test.each([
    ['REDIS_URL', 'http://127.0.0.1', 'must be a redis:// or rediss:// URL'],
    ['RUNNEL_PREFIX', 'a b', 'must be up to 64 letters, digits, braces, dots, dashes and underscores, not "a b"'],
    [
      'RUNNEL_LANGUAGES',
      'python,cobol',
      'must be a comma list of python,javascript,typescript,bash,html, not "python,cobol"',
    ],
    ['RUNNEL_BLOBS_ENDPOINT', 's3.example.org', 'must be an http:// or https:// URL, not "s3.example.org"'],
    ['RUNNEL_BLOBS_CHECKSUMS', 'never', 'must be when-required or when-supported, not "never"'],
    ['RUNNEL_MAX_CONNECTIONS', '1', 'must be at least 2, not "1"'],
    ['RUNNEL_API_PORT', '70000', 'must be at most 65535, not "70000"'],
    ['RUNNEL_API_PORT', 'http', 'must be a whole number, not "http"'],
    ['RUNNEL_RETENTION_MS', '1.5', 'must be a whole number, not "1.5"'],
    ['RUNNEL_NO_WORKER_TIMEOUT_MS', '0', 'must be at least 1000, not "0"'],
    ['RUNNEL_LOG_LEVEL', 'loud', 'must be fatal or error or warn or info or debug or trace or silent, not "loud"'],
    [
      'RUNNEL_API_TRUSTED_PROXIES',
      'everybody',
      'must be a comma list of addresses or networks such as 10.0.0.0/8, not "everybody"',
    ],
    [
      'RUNNEL_API_TRUSTED_PROXIES',
      '10.0.0.0/33',
      'must be a comma list of addresses or networks such as 10.0.0.0/8, not "10.0.0.0/33"',
    ],
    [
      'RUNNEL_API_ORIGINS',
      'https://app.example.org/page',
      'must be a comma list of origins such as https://app.example.org, not "https://app.example.org/page"',
    ],
    [
      'RUNNEL_PREVIEW_DOMAIN',
      '10.0.0.1',
      'must be a host name in lower case, with a port or without one, not "10.0.0.1"',
    ],
    ['RUNNEL_PREVIEW_FRAME_ANCESTORS', '*', 'must be a comma list of origins such as https://app.example.org, not "*"'],
    ['RUNNEL_API_ORIGINS', '*', 'must be a comma list of origins such as https://app.example.org, not "*"'],
    ['RUNNEL_MAX_QUEUED', '0', 'must be at least 1, not "0"'],
    ['RUNNEL_MAX_QUEUED_PER_TENANT', 'many', 'must be a whole number, not "many"'],
    ['RUNNEL_MAX_RUNNING_PER_TENANT', '-1', 'must be a whole number, not "-1"'],
  ])('refuses %s=%s by its name', (name, value, fault) => {
    expect(() => readConfig(configSchema, { [name]: value })).toThrow(new StartError(`${name}: ${fault}`))
  })
})

describe('The limits', () => {
  test('have a default and a maximum that a deployment may set', () => {
    const { policy } = readConfig(configSchema, {
      RUNNEL_DEFAULT_WALL_MS: '5000',
      RUNNEL_MAX_MEMORY_BYTES: '134217728',
    })
    expect(policy.wallMs).toEqual({ minimum: 10, default: 5_000, maximum: LIMITS.wallMs.maximum })
    expect(policy.memoryBytes).toMatchObject({ default: 134_217_728, maximum: 134_217_728 })
    expect(LIMITS.cpuMs).toMatchObject(policy.cpuMs)
  })

  test.each([
    ['RUNNEL_DEFAULT_WALL_MS', '300001', 'must be at most 300000, the value of RUNNEL_MAX_WALL_MS, not "300001"'],
    ['RUNNEL_DEFAULT_MEMORY_BYTES', '1', 'must be at least 33554432, not "1"'],
    ['RUNNEL_MAX_MEMORY_BYTES', '1', 'must be at least 33554432, not "1"'],
    ['RUNNEL_MAX_PROCESSES', '0', 'must be at least 1, not "0"'],
    ['RUNNEL_MAX_CPU_MS', '9', 'must be at least 10, not "9"'],
  ])('refuse %s=%s', (name, value, fault) => {
    expect(() => readConfig(configSchema, { [name]: value })).toThrow(new StartError(`${name}: ${fault}`))
  })
})
