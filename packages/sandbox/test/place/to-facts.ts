/** What an observer prints (observers.ts). */
interface Observation {
  readonly process: {
    readonly status: string
    readonly limits: string
    readonly stat: string
    readonly oom_score_adj: string
    readonly cgroup: string
    readonly environ: string
    readonly cmdline: string
    readonly descriptors: Descriptors
    readonly descriptorsAfterOutput: Descriptors
    readonly environment: Readonly<Record<string, string>>
    readonly arguments: readonly string[]
    readonly executable: string
    readonly folder: string
  }
  readonly place: Readonly<Record<string, unknown>>
}

/** By number: what it leads to, and what the kernel says about it. */
type Descriptors = Readonly<Record<string, readonly [target: string, fdinfo: string]>>

/** What is there to be compared: a value by the name of the fact. A fact that is not there is undefined. */
export type Facts = Readonly<Record<string, string | undefined>>

const SIGNALS_AND_RIGHTS =
  /^(?:Umask|Groups|Threads|SigBlk|SigIgn|SigCgt|ShdPnd|Cap\w+|NoNewPrivs|Seccomp\w*|Speculation\w*|CoreDumping|THP_enabled|Cpus_allowed_list|Mems_allowed_list|x86_Thread_features)$/

const toPairs = (text: string): [string, string][] =>
  text.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value.trim()]]
  })

/** Which kind of file, and its flags without those that say whether a file may be large or closes on exec. */
const toDescriptor = ([target, fdinfo]: Descriptors[string]): string => {
  const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(fdinfo)?.[1] ?? '0', 8)
  const access = ['reads', 'writes', 'reads and writes'][flags & 0o3]
  const kind = target.replace(/:\[\d+\]$/, '')
  return `${kind}, ${access}${(flags & 0o4000) === 0 ? '' : ', does not block'}`
}

/** The standard streams by their numbers, all others by how many of the same kind there are. */
const toDescriptorFacts = (name: string, descriptors: Descriptors): [string, string][] => {
  const [standard, others] = [new Map<string, string>(), new Map<string, number>()]
  for (const [fd, descriptor] of Object.entries(descriptors)) {
    const kind = toDescriptor(descriptor)
    if (Number(fd) <= 2) standard.set(`${name} ${fd}`, kind)
    else others.set(`${name} ${kind}`, (others.get(`${name} ${kind}`) ?? 0) + 1)
  }
  return [...standard, ...[...others].map(([kind, count]): [string, string] => [kind, `${count}`])]
}

/**
 * File systems in memory and of the kernel, with their options, but not the user for whom one was made: that is the first of
 * its container. Of others, only whether they can be written to.
 */
const KERNELS = /^(?:tmpfs|proc|sysfs|cgroup2?|mqueue|devpts)$/
const toMount = ([kind = '', ...options]: readonly string[]): string => {
  if (!KERNELS.test(kind)) return options.includes('ro') ? 'read-only' : 'writable'
  return [kind, ...options.filter((option) => !/^(?:inode64|relatime|[ug]id=(?:UID|\d{5,}))$/.test(option))].join(' ')
}

/** As in /proc/self/environ, in the order of the alphabet. */
const toKernels = (environment: Readonly<Record<string, string>>): string =>
  [...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ''].sort().join('\0')

const toProcessFacts = ({ process }: Observation) => {
  const { stat, status, limits, environ, environment } = process
  const [pid = ''] = stat.split(' ')
  const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [
    ...toPairs(status)
      .filter(([name]) => SIGNALS_AND_RIGHTS.test(name))
      .map(([name, value]) => [`status: ${name}`, value]),
    ...limits
      .split('\n')
      .slice(1)
      .map((line) => [`limit: ${line.slice(0, 26).trim()}`, line.slice(26).trim().replace(/\s+/g, ' ')]),
    ...Object.entries(environment).map(([name, value]) => [`variable: ${name}`, value]),
    [
      'environment: is the same for the kernel',
      `${toKernels(environment) === [...environ.split('\0')].sort().join('\0')}`,
    ],
    ['environment: order of names', Object.keys(environment).join(' ')],
    ...toDescriptorFacts('descriptor:', process.descriptors),
    ...toDescriptorFacts('descriptor after output:', process.descriptorsAfterOutput),
    ['process: is number 1', `${pid === '1'}`],
    ['process: leads its group', `${group === pid}`],
    ['process: leads its session', `${session === pid}`],
    ['process: terminal', terminal],
    ['process: arguments', process.arguments.join(' ')],
    ['process: command', process.cmdline.split('\0').join(' ').trim()],
    ['process: executable', process.executable],
    ['process: folder', process.folder],
    ['process: score when memory runs out', process.oom_score_adj.trim()],
    [
      'control groups: its own',
      [
        ...new Set(
          process.cgroup
            .trim()
            .split('\n')
            .map((line) => line.replace(/^\d+:[^:]*:/, '')),
        ),
      ].join(' '),
    ],
  ]
}

/** `uid` is what differs between any two programs, so it is written as a word. */
export const toFacts = (printed: string): Facts => {
  const observation: Observation = JSON.parse(printed)
  const [, uid = ''] = /^Uid:\s*(\d+)/m.exec(observation.process.status) ?? []
  const place = Object.entries(observation.place).map(([name, value]) => {
    if (!Array.isArray(value)) return [name, String(value)]
    return [name, name.startsWith('mount: ') ? toMount(value) : value.join(' ')]
  })
  return Object.fromEntries(
    [...toProcessFacts(observation), ...place].map(([name, value]) => [
      name,
      value?.replaceAll(new RegExp(`\\b${uid}\\b`, 'g'), 'UID'),
    ]),
  )
}
