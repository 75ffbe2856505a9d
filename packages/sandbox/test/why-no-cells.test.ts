import { describe, expect, it } from 'vitest'
import { type CellFailure, explainNoCells, isAppArmorsDoing } from '../src/docker/why-no-cells.ts'

const FAILURE: CellFailure = {
  message: 'cell: clone: EPERM',
  label: '',
  sysctls: {
    'user/max_user_namespaces': '95000',
    'user/max_mnt_namespaces': '95000',
    'user/max_net_namespaces': '95000',
    'kernel/unprivileged_userns_clone': null,
    'kernel/apparmor_restrict_unprivileged_userns': null,
  },
  kernel: '6.8.0-45-generic',
  runtime: undefined,
  securityOptions: ['name=seccomp,profile=default'],
}

const withSysctl = (name: string, value: string): Partial<CellFailure> => ({
  sysctls: { ...FAILURE.sysctls, [name]: value },
})

describe('Why no program can run in a cell', () => {
  it.each<[string, Partial<CellFailure>, RegExp]>([
    ['no user namespaces', withSysctl('user/max_user_namespaces', '0'), /sysctl -w user\.max_user_namespaces=15000/],
    ['no network namespaces', withSysctl('user/max_net_namespaces', '0'), /sysctl -w user\.max_net_namespaces=15000/],
    ['user namespaces for root', withSysctl('kernel/unprivileged_userns_clone', '0'), /unprivileged_userns_clone=1/],
    ['gVisor', { runtime: 'runsc' }, /^The runtime "runsc"/],
    [
      'Docker’s AppArmor profile',
      { label: 'docker-default (enforce)', message: 'cell: setup /: EACCES' },
      /^AppArmor's profile "docker-default"/,
    ],
    [
      'Ubuntu’s restriction',
      withSysctl('kernel/apparmor_restrict_unprivileged_userns', '1'),
      /^AppArmor lets only programs/,
    ],
    [
      'our own AppArmor profile',
      { label: 'runnel-cell', message: 'cell: setup /proc: EACCES' },
      /^AppArmor's profile "runnel-cell" is loaded/,
    ],
    [
      'SELinux',
      { label: 'system_u:system_r:container_t:s0:c1,c2', message: 'cell: setup /: EACCES' },
      /^SELinux's type "container_t"/,
    ],
    ['a rootless engine', { securityOptions: ['name=rootless'], message: 'cell: users: EINVAL' }, /without root/],
    ['userns-remap', { securityOptions: ['name=userns'], message: 'cell: users: EINVAL' }, /userns-remap/],
    [
      'nothing that is known',
      { message: 'cell: setup /proc: EINVAL' },
      /^The reason is not known on this kernel \(6\.8\.0-45-generic\)/,
    ],
  ])('is %s', (_title, seen, sentence) => {
    const explained = explainNoCells({ ...FAILURE, ...seen })
    expect(explained).toMatch(sentence)
    expect(explained).toMatch(/\. It failed with: cell: .+: E\w+$/)
  })

  it('is not AppArmor or SELinux where nothing was denied', () => {
    const failure = { ...FAILURE, label: 'docker-default (enforce)', message: 'cell: setup /proc: EINVAL' }
    expect(explainNoCells(failure)).toMatch(/^The reason is not known/)
  })

  it('is AppArmor’s doing only where it says so', () => {
    expect(isAppArmorsDoing({ ...FAILURE, label: 'docker-default (enforce)' })).toBe(true)
    expect(isAppArmorsDoing({ ...FAILURE, ...withSysctl('user/max_user_namespaces', '0') })).toBe(false)
    expect(isAppArmorsDoing(FAILURE)).toBe(false)
  })
})
