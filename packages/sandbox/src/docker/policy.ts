import type { ContainerCreateOptions, HostConfig as KnownHostConfig } from 'dockerode'
import type { Confinement, Init } from '../agent/protocol.ts'
import { cellSeccompProfile, seccompProfile } from './seccomp.ts'

/** What a container is made for. */
export interface ContainerSpec {
  readonly image: string
  /** `cell`: each of its programs gets fresh kernel namespaces. `container`: it runs one program and is removed. */
  readonly confinement: Exclude<Confinement['kind'], 'local'>
  /** `sandbox`: a place that lasts, for many programs at the same time. Only in a cell. */
  readonly use: Init['use']
  /** Of the engine's host; undefined for the engine's default. */
  readonly appArmor: string | undefined
  /** The first of its users (uids.ts). No other container on the host has them at the same time. */
  readonly uid: number
  readonly memoryBytes: number
  readonly processes: number
  /** Whether a process that programs are forked from runs beside the agent. */
  readonly hasForkServer: boolean
  readonly diskBytes: number
  /** Processors' worth of time, for example 1.5. */
  readonly cpus: number
  /** `runc`, `crun`, `runsc` …; undefined for the engine's default. */
  readonly runtime: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** What process 1 starts as: the agent, or an interpreter that divides into the agent and its programs. */
  readonly command: readonly string[]
}

/** dockerode's types lack some fields that the engine knows. */
type HostConfig = KnownHostConfig & {
  CgroupnsMode?: 'private' | 'host'
  MaskedPaths?: string[]
  ReadonlyPaths?: string[]
}

export const WORKSPACE = '/workspace'

/** Home of the programs of a sandbox that lasts, and where its commands start. */
export const HOME = '/home/user'

/** The environment of each program, before its own variables. HOSTNAME is at the place where Docker sets it. */
export const BASE_ENV = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOSTNAME: 'sandbox',
  HOME: WORKSPACE,
  LANG: 'C.UTF-8',
} as const

/** Our AppArmor profile (infra/apparmor). It is used only where the engine's own forbids cells, and only if it is loaded. */
export const CELL_PROFILE = 'runnel-cell'

export const AGENT_COMMAND = ['python3', '-I', '-S', '-B', '/opt/runnel/agent'] as const

const MIB = 1024 * 1024
/**
 * On top of the processes that the program may have. In a cell: the agent, the start server, and process 1 of the program's
 * namespaces. What writes the program's files has ended before it starts.
 */
const AGENT_PROCESSES = { cell: 3, container: 1 } as const
/**
 * In a sandbox that lasts, programs may have all processes of their limit, and these are left to work on files and to start
 * commands: also one that ends what uses up all the others.
 */
const SPARE_PROCESSES = 16
const SHARED_MEMORY_BYTES = 16 * MIB
/** For links to the files of the image, and the names of users. */
const ETC_BYTES = MIB
const INODES_PER_MIB = 128
const MINIMUM_INODES = 2048

export const toPidsLimit = ({
  confinement,
  use,
  processes,
  hasForkServer,
}: Pick<ContainerSpec, 'confinement' | 'use' | 'processes' | 'hasForkServer'>): number =>
  processes +
  AGENT_PROCESSES[confinement] +
  (hasForkServer && confinement === 'container' ? 1 : 0) +
  (use === 'sandbox' ? SPARE_PROCESSES : 0)

const toTmpfs = (bytes: number, options: string): string => {
  const inodes = Math.max(MINIMUM_INODES, Math.round(bytes / MIB) * INODES_PER_MIB)
  return `rw,nosuid,nodev,size=${bytes},nr_inodes=${inodes},${options}`
}

interface Rule {
  readonly because: string
  readonly container?: (spec: ContainerSpec) => Partial<ContainerCreateOptions>
  readonly host?: (spec: ContainerSpec) => Partial<HostConfig>
}

/** The container policy: one rule a row, each with its reason. The program is hostile from its first instruction. */
export const POLICY: readonly Rule[] = [
  {
    because:
      'No network at all: files, input and output go over the attached stream. The mode alone would do, but the engine then starts one more process for each container, and takes twice as long.',
    container: () => ({ NetworkDisabled: true }),
    host: () => ({ NetworkMode: 'none' }),
  },
  {
    because:
      'Data that waits in a program’s connections to itself counts as its memory only with control groups v2. So only a little may wait.',
    host: () => ({ Sysctls: { 'net.ipv4.tcp_rmem': '4096 65536 131072', 'net.ipv4.tcp_wmem': '4096 16384 65536' } }),
  },
  { because: 'Nothing of the image can be changed or filled.', host: () => ({ ReadonlyRootfs: true }) },
  {
    because:
      'The only places to write: in memory, limited in bytes and files. In /etc only root writes: the agent names the program’s user there. Without shared memory Python’s multiprocessing has no locks; the engine’s own would be one more mount on the host. Each program of a cell gets the same places of its own (packages/agent/src/view.py).',
    host: ({ confinement, diskBytes, uid }) => ({
      Tmpfs: {
        ...(confinement === 'container' && {
          [WORKSPACE]: toTmpfs(diskBytes, `exec,mode=0700,uid=${uid},gid=${uid}`),
          '/tmp': toTmpfs(Math.ceil(diskBytes / 4), 'exec,mode=1777'),
          '/dev/shm': toTmpfs(SHARED_MEMORY_BYTES, 'noexec,mode=1777'),
        }),
        '/etc': toTmpfs(ETC_BYTES, 'noexec,mode=0755'),
      },
    }),
  },
  {
    because:
      'The kernel mounts a fresh /proc in a user namespace only while nothing covers the visible one. Each program of a cell gets a /proc of its own, where more is covered than the engine covers, and the agent of a cell is not root.',
    host: ({ confinement }) => (confinement === 'cell' ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  },
  {
    because:
      'The limit is for memory and swap together, so nothing swaps. The kernel then kills inside the container, never outside.',
    host: ({ memoryBytes }) => ({ Memory: memoryBytes, MemorySwap: memoryBytes, OomKillDisable: false }),
  },
  {
    because: 'If the host itself runs out of memory, sandboxes die before the engine and Redis.',
    host: () => ({ OomScoreAdj: 500 }),
  },
  {
    because: 'One program cannot take the processors from its neighbours.',
    host: ({ cpus }) => ({ NanoCpus: Math.round(cpus * 1e9) }),
  },
  {
    because: 'A fork bomb ends at this many processes and threads.',
    host: (spec) => ({ PidsLimit: toPidsLimit(spec) }),
  },
  {
    because:
      'The agent becomes the job’s user (SETUID, SETGID), gives it its pipes (CHOWN) and ends it (KILL). The program has none of these capabilities, because it is another user.',
    host: () => ({ CapDrop: ['ALL'], CapAdd: ['SETUID', 'SETGID', 'CHOWN', 'KILL'], Privileged: false }),
  },
  {
    because: 'No setuid file gives more rights, and only listed system calls exist.',
    host: ({ confinement, appArmor }) => ({
      SecurityOpt: [
        'no-new-privileges:true',
        `seccomp=${JSON.stringify(confinement === 'cell' ? cellSeccompProfile : seccompProfile)}`,
        ...(appArmor === undefined ? [] : [`apparmor=${appArmor}`]),
      ],
    }),
  },
  {
    because:
      'No core dumps on the host, few descriptors, no file larger than the disk, almost no locked memory, no message queues of the host. In a cell the agent limits the files of each program, because their disks differ.',
    host: ({ confinement, diskBytes }) => ({
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: 1024, Hard: 1024 },
        ...(confinement === 'container' ? [{ Name: 'fsize', Soft: diskBytes, Hard: diskBytes }] : []),
        { Name: 'memlock', Soft: 65_536, Hard: 65_536 },
        { Name: 'msgqueue', Soft: 0, Hard: 0 },
        { Name: 'rtprio', Soft: 0, Hard: 0 },
      ],
    }),
  },
  {
    because: 'Its own kernel queues, semaphores and shared memory, and those of no other container.',
    host: () => ({ IpcMode: 'none' }),
  },
  {
    because: 'Its own view of control groups, without container ids of the host.',
    host: () => ({ CgroupnsMode: 'private' }),
  },
  {
    because: 'Output is not also written to the host’s disk.',
    host: () => ({ LogConfig: { Type: 'none', Config: {} } }),
  },
  {
    because:
      'The container depends on the stream: when the worker’s end closes, the agent reads the end of its input and exits.',
    container: () => ({
      Tty: false,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    }),
  },
  {
    because:
      'The agent starts as root with no other rights, because only root may become the job’s user. The image cannot change that. In a cell it is root only until it knows its own user.',
    container: ({ command }) => ({ User: '0:0', Entrypoint: [...command], Cmd: [], WorkingDir: WORKSPACE }),
  },
  {
    because: 'The same short environment everywhere. The job’s own variables are set for the program only.',
    container: () => ({
      Hostname: BASE_ENV.HOSTNAME,
      Env: Object.entries(BASE_ENV).map(([name, value]) => `${name}=${value}`),
    }),
  },
  {
    because: 'Once the worker gives a container up, it is killed at once. No health check runs in it.',
    container: () => ({ StopSignal: 'SIGKILL', StopTimeout: 0, Healthcheck: { Test: ['NONE'] } }),
  },
  {
    because: 'Every process can see that it is ours, and which worker made it.',
    container: ({ labels }) => ({ Labels: { ...labels } }),
  },
  {
    because: 'Stronger isolation (gVisor and others), if the operator has it.',
    host: ({ runtime }) => (runtime === undefined ? {} : { Runtime: runtime }),
  },
]

/** The whole create request for one sandbox's container, by the policy above. */
export const toCreateOptions = (spec: ContainerSpec): ContainerCreateOptions => {
  const options: ContainerCreateOptions = { Image: spec.image }
  const HostConfig: HostConfig = {}
  for (const { container, host } of POLICY) {
    Object.assign(options, container?.(spec))
    Object.assign(HostConfig, host?.(spec))
  }
  return { ...options, HostConfig }
}
