import { AGENT_COMMAND, toCreateOptions } from '@runnel/sandbox/policy'
import { describe, expect, it } from 'vitest'
import { toSandboxBody } from '../src/sandbox-body.ts'

const RULES = { imagePrefix: 'runnel/', runtime: undefined }
const NAME = 'runnel-1000000'

const SPEC = {
  image: 'runnel/python',
  confinement: 'container' as const,
  uid: 1_000_000,
  memoryBytes: 268_435_456,
  processes: 64,
  hasForkServer: false,
  diskBytes: 67_108_864,
  cpus: 1.5,
  runtime: undefined,
  labels: { runnel: '1', 'runnel.worker': 'w' },
  command: AGENT_COMMAND,
}
const FORK_SERVER = { ...SPEC, hasForkServer: true, command: ['python3', '-u', 'main.py'] }

const read = (spec: Parameters<typeof toCreateOptions>[0]): Record<string, unknown> & { HostConfig: object } => ({
  HostConfig: {},
  ...JSON.parse(JSON.stringify(toCreateOptions(spec))),
})
const withHost = (host: object) => ({ ...read(SPEC), HostConfig: { ...read(SPEC).HostConfig, ...host } })

describe('The body of a create request', () => {
  it.each([
    ['an agent’s', SPEC],
    ['a fork server’s', FORK_SERVER],
    ['one with three processors and a small disk', { ...SPEC, cpus: 3, diskBytes: 1_000_003, memoryBytes: 1e9 }],
  ])('is written again, and is the same, for a sandbox: %s', (_what, spec) => {
    expect(JSON.parse(toSandboxBody(read(spec), NAME, RULES))).toEqual(read(spec))
  })

  it('may name the runtime that the proxy knows, and no other', () => {
    const strong = read({ ...SPEC, runtime: 'runsc' })
    expect(toSandboxBody(strong, NAME, { ...RULES, runtime: 'runsc' })).toContain('runsc')
    expect(() => toSandboxBody(strong, NAME, RULES)).toThrow('another HostConfig.Runtime than')
    expect(() => toSandboxBody(read(SPEC), NAME, { ...RULES, runtime: 'runsc' })).toThrow('another HostConfig.Runtime')
  })

  it.each<readonly [string, unknown, string]>([
    ['privileges', withHost({ Privileged: true }), 'another HostConfig.Privileged than'],
    ['a folder of the host', withHost({ Binds: ['/:/host'] }), 'another HostConfig.Binds than'],
    [
      'a mount of the host',
      withHost({ Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }] }),
      'HostConfig.Mounts',
    ],
    ['another container’s volumes', withHost({ VolumesFrom: ['redis'] }), 'HostConfig.VolumesFrom'],
    ['the host’s network', withHost({ NetworkMode: 'host' }), 'HostConfig.NetworkMode'],
    ['the host’s processes', withHost({ PidMode: 'host' }), 'HostConfig.PidMode'],
    ['a device', withHost({ Devices: [{ PathOnHost: '/dev/sda' }] }), 'HostConfig.Devices'],
    [
      'one more capability',
      withHost({ CapAdd: ['SETUID', 'SETGID', 'CHOWN', 'KILL', 'SYS_ADMIN'] }),
      'HostConfig.CapAdd',
    ],
    ['no seccomp profile', withHost({ SecurityOpt: ['seccomp=unconfined'] }), 'HostConfig.SecurityOpt'],
    ['a field in capital letters', withHost({ PRIVILEGED: true }), 'HostConfig.PRIVILEGED'],
    ['a whole part in small letters', { ...read(SPEC), hostconfig: { Privileged: true } }, 'another hostconfig than'],
    ['a field called __proto__', JSON.parse('{"__proto__":{"Privileged":true}}'), 'not a sandbox'],
    ['a network of its own', { ...read(SPEC), NetworkingConfig: { EndpointsConfig: { x: {} } } }, 'NetworkingConfig'],
    ['another image', { ...read(SPEC), Image: 'debian:trixie-slim' }, 'the image "debian:trixie-slim"'],
    ['an image of ours that no language uses', { ...read(SPEC), Image: 'runnel/redis' }, 'the image "runnel/redis"'],
    ['another command', { ...read(SPEC), Entrypoint: ['sh', '-c', 'id'] }, 'process 1 is not the agent'],
    ['arguments to the agent', { ...read(SPEC), Cmd: ['x'] }, 'another Cmd than'],
    ['one more variable', { ...read(SPEC), Env: ['LD_PRELOAD=/x'] }, 'another Env than'],
    ['no label', { ...read(SPEC), Labels: {} }, 'not a sandbox: Labels'],
    ['one more label', read({ ...SPEC, labels: { ...SPEC.labels, other: 'x' } }), 'not a sandbox: Labels'],
    ['no memory limit', withHost({ Memory: -1, MemorySwap: -1 }), 'not a sandbox: HostConfig.Memory'],
    ['swap', withHost({ MemorySwap: -1 }), 'another HostConfig.MemorySwap than'],
    ['no process limit', withHost({ PidsLimit: 0 }), 'not a sandbox: HostConfig.PidsLimit'],
    ['a tmpfs elsewhere', withHost({ Tmpfs: { '/etc': 'rw' } }), 'not a sandbox: HostConfig.Tmpfs'],
    [
      'a workspace with other options',
      withHost({ Tmpfs: { '/workspace': ',size=1,dev,uid=1000000,' } }),
      'HostConfig.Tmpfs',
    ],
    ['a user of the host', read({ ...SPEC, uid: 0 }), 'the user 0'],
    ['nothing', undefined, 'not a sandbox: the whole body'],
  ])('is refused with %s', (_what, body, sentence) => {
    expect(() => toSandboxBody(body, NAME, RULES)).toThrow(sentence)
  })

  it('is refused with the name of another user', () => {
    expect(() => toSandboxBody(read(SPEC), 'runnel-1010000', RULES)).toThrow('another name')
  })
})
