import { describe, expect, test } from 'vitest'
import { decideEngine, type EngineFacts, toCpu } from '../prepare/engine.ts'

const MACHINE: EngineFacts = {
  answer: { arch: 'amd64' },
  platform: 'linux',
  user: 'ada',
  isRoot: true,
  isDebian: true,
  hasDaemon: true,
  dockerHost: undefined,
}
const NO_CLIENT = { answer: { fault: 'no-client' }, hasDaemon: false } as const
const AWAY = { answer: { fault: 'away', reason: 'connection refused' } } as const

describe('The Docker engine', () => {
  test.each<[what: string, facts: Partial<EngineFacts>, decision: string]>([
    ['answers', {}, 'use'],
    ['answers, to a user who is not root', { isRoot: false }, 'use'],
    ['is not installed', NO_CLIENT, 'install'],
    ['is not installed, and DOCKER_HOST is set', { ...NO_CLIENT, dockerHost: 'tcp://a:1' }, 'install'],
    ['is elsewhere, only the client is here', { ...AWAY, hasDaemon: false }, 'install'],
    ['is not running', AWAY, 'start'],
  ])('that %s', (_what, facts, decision) => {
    expect(decideEngine({ ...MACHINE, ...facts })).toBe(decision)
  })

  test.each<[what: string, facts: Partial<EngineFacts>, sentence: string]>([
    ['hangs', { answer: { fault: 'hangs' } }, 'Docker does not answer within 10 seconds'],
    ['refuses this user', { answer: { fault: 'denied' } }, 'usermod -aG docker ada'],
    [
      'is away at DOCKER_HOST',
      { ...AWAY, dockerHost: 'tcp://a:1' },
      'Docker at tcp://a:1 does not answer (connection refused)',
    ],
    [
      'is not running, to a user who is not root',
      { ...AWAY, isRoot: false },
      '(connection refused): start it with `sudo systemctl start docker`',
    ],
    ['is not installed, to a user who is not root', { ...NO_CLIENT, isRoot: false }, 'docs.docker.com/engine/install'],
    ['is not installed, on another distribution', { ...NO_CLIENT, isDebian: false }, 'docs.docker.com/engine/install'],
    ['is away, on macOS', { ...AWAY, platform: 'darwin' }, 'start Docker Desktop or Colima'],
  ])(
    'that %s ends with a sentence that says what to do, and how to continue without Docker',
    (_what, facts, sentence) => {
      const decide = () => decideEngine({ ...MACHINE, ...facts })
      expect(decide).toThrow(sentence)
      expect(decide).toThrow('--sandbox local')
    },
  )

  test('has a processor that Runnel has programs for', () => {
    expect(['amd64', 'x86_64', 'arm64', 'aarch64'].map(toCpu)).toEqual(['x64', 'x64', 'arm64', 'arm64'])
    expect(() => toCpu('riscv64')).toThrow('riscv64')
  })
})
