import { CELL_PROFILE } from './policy.ts'

/** What was seen on a host where no program could run in a cell. */
export interface CellFailure {
  /** How the agent of the cell ended: `cell: <step>: <error>`, or another sentence. */
  readonly message: string
  /** The label of a process in an ordinary container, such as `docker-default (enforce)`; empty without AppArmor or SELinux. */
  readonly label: string
  /** The kernel's settings by their names; null where this kernel has none of that name. */
  readonly sysctls: Readonly<Record<string, string | null>>
  /** Such as `6.8.0-45-generic`. */
  readonly kernel: string
  /** The OCI runtime that the operator chose. */
  readonly runtime: string | undefined
  /** As the engine lists them, such as `name=rootless`. */
  readonly securityOptions: readonly string[]
}

/** The kernel's settings that decide whether programs may make namespaces. */
export const SYSCTLS = [
  'user/max_user_namespaces',
  'user/max_mnt_namespaces',
  'user/max_net_namespaces',
  'kernel/unprivileged_userns_clone',
  'kernel/apparmor_restrict_unprivileged_userns',
] as const

interface Rule {
  readonly when: (failure: CellFailure) => boolean
  /** What stands in the way, and what to do. */
  readonly says: (failure: CellFailure) => string
}

const isZero = (name: (typeof SYSCTLS)[number]) => (failure: CellFailure) => failure.sysctls[name] === '0'
const hasOption = (failure: CellFailure, name: string) =>
  failure.securityOptions.some((option) => option.startsWith(`name=${name}`))
const wasDenied = ({ message }: CellFailure) => /EACCES|EPERM|not permitted|denied/i.test(message)

const toLimitRule = (kind: 'user' | 'mnt' | 'net'): Rule => ({
  when: isZero(`user/max_${kind}_namespaces`),
  says: () =>
    `This host allows no ${kind} namespaces (user.max_${kind}_namespaces is 0): set it with "sysctl -w user.max_${kind}_namespaces=15000"`,
})

/** The first rule that fits decides. Those that look at a number come before those that look at a name. */
const RULES: readonly Rule[] = [
  toLimitRule('user'),
  toLimitRule('mnt'),
  toLimitRule('net'),
  {
    when: isZero('kernel/unprivileged_userns_clone'),
    says: () =>
      'This host allows user namespaces only to root (kernel.unprivileged_userns_clone is 0): set it with "sysctl -w kernel.unprivileged_userns_clone=1"',
  },
  {
    when: ({ runtime }) => runtime !== undefined && !/^(?:runc|crun|youki)$/.test(runtime),
    says: ({ runtime }) =>
      `The runtime "${runtime}" does not let programs make namespaces as the kernel does: unset RUNNEL_RUNTIME, or keep it and its own border around each container`,
  },
  {
    when: (failure) => /^docker-default\b/.test(failure.label) && wasDenied(failure),
    says: ({ label }) =>
      `AppArmor's profile "${label.split(' ')[0]}" forbids what a cell needs: load infra/apparmor/runnel-cell on the host of Docker (infra/apparmor/README.md), and restart the worker`,
  },
  {
    when: ({ label }) => label.startsWith(CELL_PROFILE),
    says: () =>
      `AppArmor's profile "${CELL_PROFILE}" is loaded and forbids something that a cell needs on this kernel: report it with the lines of the kernel's log that name it`,
  },
  {
    when: (failure) => failure.sysctls['kernel/apparmor_restrict_unprivileged_userns'] === '1' && wasDenied(failure),
    says: () =>
      'AppArmor lets only programs with a profile make user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1): load infra/apparmor/runnel-cell on the host of Docker (infra/apparmor/README.md), and restart the worker',
  },
  {
    when: (failure) => /:container(?:_\w+)?_t:/.test(failure.label) && wasDenied(failure),
    says: ({ label }) =>
      `SELinux's type "${label.split(':')[2]}" forbids what a cell needs: allow it the mounts that the audit log shows (ausearch -m avc), or turn SELinux off for containers in Docker's configuration`,
  },
  {
    when: (failure) => hasOption(failure, 'rootless'),
    says: () => 'Docker runs without root, with few users and without some mounts: use an engine that runs as root',
  },
  {
    when: (failure) => hasOption(failure, 'userns'),
    says: () =>
      'Docker maps users (userns-remap), which leaves a cell no users of its own: turn it off, or use another engine',
  },
  {
    when: () => true,
    says: ({ kernel }) =>
      `The reason is not known on this kernel (${kernel}); docs/hosts.md lists what may stand in the way`,
  },
]

/** Why no cell works here, what to do, and what failed. `npm start` looks whether it begins with "AppArmor". */
export const explainNoCells = (failure: CellFailure): string => {
  const rule = RULES.find(({ when }) => when(failure))
  if (rule === undefined) throw new Error('The last rule fits always')
  return `${rule.says(failure)}. It failed with: ${failure.message.trim()}`
}

/** Whether a profile of ours may change that. */
export const isAppArmorsDoing = (failure: CellFailure): boolean => explainNoCells(failure).startsWith('AppArmor')
