import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { POLICY, toCreateOptions } from '../src/docker/policy.ts'

const MIB = 1024 * 1024
const spec = {
  image: 'runnel/python',
  confinement: 'container' as const,
  use: 'programs' as const,
  appArmor: undefined,
  uid: 20_007,
  memoryBytes: 256 * MIB,
  processes: 64,
  hasForkServer: false,
  diskBytes: 64 * MIB,
  cpus: 1.5,
  runtime: undefined,
  labels: { runnel: '1' },
  command: ['{}'],
}

describe('The container policy', () => {
  it('gives a reason for each rule, and no two rules set the same field', () => {
    const seen = new Set<string>()
    for (const { because, container, host } of POLICY) {
      expect(because).toMatch(/^[A-Z].{20,}\.$/)
      for (const key of [...Object.keys(container?.(spec) ?? {}), ...Object.keys(host?.(spec) ?? {})]) {
        expect(seen).not.toContain(key)
        seen.add(key)
      }
    }
  })

  it('asks for no network, no new privileges, four capabilities, and a read-only root', () => {
    const { HostConfig, NetworkDisabled, User } = toCreateOptions(spec)
    expect([NetworkDisabled, User]).toEqual([true, '0:0'])
    expect(HostConfig).toMatchObject({
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: ['SETUID', 'SETGID', 'CHOWN', 'KILL'],
      Memory: 256 * MIB,
      MemorySwap: 256 * MIB,
      NanoCpus: 1_500_000_000,
      PidsLimit: 65,
      IpcMode: 'none',
      LogConfig: { Type: 'none' },
    })
    expect(HostConfig?.SecurityOpt?.[0]).toBe('no-new-privileges:true')
    expect(HostConfig?.Binds).toBeUndefined()
  })

  it('gives a cell no capability and no place more, and covers nothing of /proc, which its programs do not see', () => {
    const cell = toCreateOptions({ ...spec, confinement: 'cell' }).HostConfig
    const { CapDrop, CapAdd, Privileged, ReadonlyRootfs, NetworkMode, IpcMode } = toCreateOptions(spec).HostConfig ?? {}
    const same = { CapDrop, CapAdd, Privileged, ReadonlyRootfs, NetworkMode, IpcMode }
    expect(cell).toMatchObject({ ...same, MaskedPaths: [], ReadonlyPaths: [], PidsLimit: 67 })
    expect(Object.keys(cell?.Tmpfs ?? {})).toEqual(['/etc'])
    expect(cell?.SecurityOpt?.[0]).toBe('no-new-privileges:true')
  })

  it('leaves room to start commands in a sandbox that lasts, whatever its programs start', () => {
    const cell = toCreateOptions({ ...spec, confinement: 'cell' })
    const lasting = toCreateOptions({ ...spec, confinement: 'cell', use: 'sandbox' })
    const { HostConfig, ...others } = lasting
    expect({ ...others, HostConfig: cell.HostConfig }).toEqual(cell)
    expect(HostConfig).toEqual({ ...cell.HostConfig, PidsLimit: 83 })
  })

  it('lets the agent of a cell make namespaces and mounts, and nothing else that a container may not', () => {
    const read = (confinement: 'cell' | 'container') => {
      const options = toCreateOptions({ ...spec, confinement }).HostConfig?.SecurityOpt
      return JSON.parse(options?.[1]?.slice('seccomp='.length) ?? '').syscalls
    }
    const [more, netlink, ...others] = read('cell')
    expect(others).toEqual(read('container'))
    // AF_NETLINK with NETLINK_SOCK_DIAG: process 1 asks it which ports are listened on.
    expect(netlink).toEqual({
      names: ['socket'],
      action: 'SCMP_ACT_ALLOW',
      args: [
        { index: 0, value: 16, op: 'SCMP_CMP_EQ' },
        { index: 2, value: 4, op: 'SCMP_CMP_EQ' },
      ],
    })
    expect(more).toEqual({
      names: ['clone', 'unshare', 'mount', 'umount2', 'pivot_root', 'sethostname', 'seccomp'],
      action: 'SCMP_ACT_ALLOW',
    })
  })

  it('is what the network of each program in a cell gets as well: buffers as small as the container’s', () => {
    const view = readFileSync(join(import.meta.dirname, '../../agent/src/view.py'), 'utf8')
    const buffers = Object.entries(toCreateOptions(spec).HostConfig?.Sysctls ?? {})
    expect(buffers.map(([name]) => name)).toEqual(['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'])
    for (const [name, value] of buffers) expect(view).toContain(`("${name.slice('net.ipv4.'.length)}", b"${value}")`)
  })

  it('allows none of the system calls that lead out of containers', () => {
    const seccomp = toCreateOptions(spec).HostConfig?.SecurityOpt?.[1]?.slice('seccomp='.length) ?? ''
    const { defaultAction, syscalls } = JSON.parse(seccomp)
    expect(defaultAction).toBe('SCMP_ACT_ERRNO')
    const allowed = new Set(
      syscalls.flatMap(({ action, names, args }: { action: string; names: string[]; args?: unknown }) =>
        action === 'SCMP_ACT_ALLOW' && args === undefined ? names : [],
      ),
    )
    const dangerous =
      'io_uring_setup io_uring_enter keyctl add_key request_key userfaultfd perf_event_open bpf ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd mount umount2 move_mount fsopen open_tree unshare setns clone clone3 chroot pivot_root open_by_handle_at name_to_handle_at init_module finit_module kexec_load reboot clock_settime settimeofday adjtimex quotactl vmsplice memfd_secret socket personality swapon syslog acct'
    for (const name of dangerous.split(' ')) expect(allowed, name).not.toContain(name)
    expect(allowed.size).toMatchInlineSnapshot(`278`)
  })
})
