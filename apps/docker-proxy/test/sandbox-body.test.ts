import { AGENT_COMMAND, toCreateOptions } from '@runnel/sandbox/policy'
import { describe, expect, it } from 'vitest'
import { toSandboxBody } from '../src/sandbox-body.ts'

const RULES = {
  imagePrefix: 'runnel/',
  runtime: undefined,
  maximum: { memoryBytes: 2 ** 31, processes: 512, diskBytes: 2 ** 30, cpus: 4 },
}
const NAME = 'runnel-1000000'

const SPEC = {
  image: 'runnel/python',
  confinement: 'container',
  use: 'programs',
  appArmor: undefined,
  uid: 1_000_000,
  memoryBytes: 268_435_456,
  processes: 64,
  hasForkServer: false,
  diskBytes: 67_108_864,
  cpus: 1.5,
  runtime: undefined,
  labels: { runnel: '1', 'runnel.worker': 'w' },
  command: AGENT_COMMAND,
} as const
const CELL = { ...SPEC, confinement: 'cell', diskBytes: 0 } as const
const LASTING = {
  ...CELL,
  use: 'sandbox',
  labels: { ...SPEC.labels, 'runnel.use': 'sandbox' },
  memoryBytes: 2 ** 30,
} as const
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
    ['a cell’s', CELL],
    ['one that lasts', LASTING],
    ['a cell’s with our AppArmor profile', { ...CELL, appArmor: 'runnel-cell' }],
    ['one with the most of everything', { ...SPEC, memoryBytes: 2 ** 31, processes: 512, diskBytes: 2 ** 30, cpus: 4 }],
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
    [
      'a use that no sandbox has',
      read({ ...SPEC, labels: { ...SPEC.labels, 'runnel.use': 'x' } }),
      'Labels.runnel.use',
    ],
    ['no memory limit', withHost({ Memory: -1, MemorySwap: -1 }), 'not a sandbox: HostConfig.Memory'],
    ['swap', withHost({ MemorySwap: -1 }), 'another HostConfig.MemorySwap than'],
    ['no process limit', withHost({ PidsLimit: 0 }), 'not a sandbox: HostConfig.PidsLimit'],
    ['a tmpfs with other options', withHost({ Tmpfs: { '/etc': 'rw' } }), 'another HostConfig.Tmpfs'],
    [
      'a workspace with other options',
      withHost({ Tmpfs: { '/workspace': ',size=1,dev,uid=1000000,' } }),
      'HostConfig.Tmpfs',
    ],
    ['another AppArmor profile', read({ ...CELL, appArmor: 'unconfined' }), 'another HostConfig.SecurityOpt than'],
    ['a cell’s rules and a disk', withHost({ MaskedPaths: [], ReadonlyPaths: [] }), 'another HostConfig.MaskedPaths'],
    ['another user than its name says', read({ ...SPEC, uid: 1_000_004 }), 'another HostConfig.Tmpfs'],
    [
      'too much memory',
      read({ ...SPEC, memoryBytes: 2 ** 31 + 4096 }),
      'with memoryBytes 2147487744: 2147483648 is the',
    ],
    ['too many processes', read({ ...SPEC, processes: 513 }), 'with processes 513: 512 is the most'],
    ['too large a disk', read({ ...SPEC, diskBytes: 2 ** 30 + 1 }), 'with diskBytes 1073741825: 1073741824 is the'],
    ['too many processors', read({ ...SPEC, cpus: 4.5 }), 'with cpus 4.5: 4 is the most'],
    ['memory 0', withHost({ Memory: 0, MemorySwap: 0 }), 'not a sandbox: HostConfig.Memory'],
    ['half a byte of memory', withHost({ Memory: 2 ** 28 + 0.5 }), 'not a sandbox: HostConfig.Memory'],
    ['memory beyond all numbers', withHost({ Memory: Number.POSITIVE_INFINITY }), 'not a sandbox: HostConfig.Memory'],
    ['memory that JavaScript rounds', withHost({ Memory: 2 ** 53 }), 'not a sandbox: HostConfig.Memory'],
    ['memory as a text', withHost({ Memory: '268435456' }), 'not a sandbox: HostConfig.Memory'],
    ['any number of processes', withHost({ PidsLimit: -1 }), 'not a sandbox: HostConfig.PidsLimit'],
    ['no share of the processors', withHost({ NanoCpus: undefined }), 'not a sandbox: HostConfig.NanoCpus'],
    ['all processors', withHost({ NanoCpus: 0 }), 'not a sandbox: HostConfig.NanoCpus'],
    ['processors by another field', withHost({ CpuQuota: 1e9 }), 'another HostConfig.CpuQuota than'],
    ['a control group of the host', withHost({ CgroupParent: '/' }), 'another HostConfig.CgroupParent than'],
    ['kernel settings', withHost({ Sysctls: { 'kernel.msgmax': '1' } }), 'another HostConfig.Sysctls'],
    ['a field that no engine knows yet', withHost({ NewPower: true }), 'another HostConfig.NewPower than'],
    ['nothing', undefined, 'not a sandbox: the whole body'],
  ])('is refused with %s', (_what, body, sentence) => {
    expect(() => toSandboxBody(body, NAME, RULES)).toThrow(sentence)
  })

  it.each([
    ['another user’s', 'runnel-1010000', 'another HostConfig.Tmpfs'],
    ['a user’s of the host', 'runnel-0', 'called "runnel-0", whose user may be one of the host'],
    ['a strange one', 'redis', 'called "redis"'],
  ])('is refused with a name that is not its own: %s', (_whose, name, sentence) => {
    expect(() => toSandboxBody(read(SPEC), name, RULES)).toThrow(sentence)
  })
})
