import { randomInt } from 'node:crypto'
import { finished } from 'node:stream/promises'
import { defaultLimits } from '@runnel/contract/public'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { inject } from 'vitest'
import { attach } from '../../src/docker/attach.ts'
import { createDockerStreamDecoder } from '../../src/docker/docker-stream.ts'
import { BASE_ENV, toCreateOptions } from '../../src/docker/policy.ts'
import type { CorpusProgram } from './read-programs.ts'

/** How a program ended and its output. A death by signal n counts as exit code 128 + n, as in a shell. */
export interface Ending {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/**
 * A shell replaces the agent and does the minimum for a fair comparison: it reads the files from the
 * start of the stream (`head -c` reads exactly that many bytes, the rest is the program's stdin) and gives the program the
 * same few variables and its own session. The shell is process 1, because process 1 ignores signals and inherits orphans,
 * which would change the program. Messages of the shell itself about a death by signal are dropped.
 */
const toScript = ({ files }: CorpusProgram, argv: readonly string[]): string => {
  const putting = files.flatMap(({ path, bytes }) => [
    `mkdir -p ${quote(path.replace(/[^/]*$/, './'))}`,
    `head -c ${bytes.length} > ${quote(path)}`,
  ])
  const env = Object.entries(BASE_ENV).map(([name, value]) => `${name}=${value}`)
  return [
    ...putting,
    'exec 3>&2 2>/dev/null',
    `setsid env -i ${[...env, ...argv].map(quote).join(' ')} 2>&3 3>&-`,
    'exit $?',
  ].join('\n')
}

/** Runs a program in a plain container: same image, same policy, but no agent, and nothing started ahead of it. */
export const runPlain = async (program: CorpusProgram, image: string, argv: readonly string[]): Promise<Ending> => {
  const docker = new Docker()
  const uid = randomInt(60_000, 65_000)
  const { memoryBytes, processes, diskBytes } = defaultLimits()
  const policy = toCreateOptions({
    confinement: 'container',
    use: 'programs',
    appArmor: undefined,
    image,
    uid,
    memoryBytes,
    processes,
    hasForkServer: false,
    diskBytes,
    cpus: 1,
    runtime: undefined,
    labels: { 'runnel.test-run': inject('testRun') },
    command: ['bash', '-c', toScript(program, argv)],
  })
  // Only the agent could fill the /etc that is in memory. Without it, a container has the /etc of its image.
  const { '/etc': _, ...Tmpfs } = policy.HostConfig?.Tmpfs ?? {}
  const container = await docker.createContainer({
    ...policy,
    User: `${uid}:${uid}`,
    HostConfig: { ...policy.HostConfig, CapAdd: [], Tmpfs },
  })
  try {
    const { socket, head } = await attach(docker, container.id)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const decode = createDockerStreamDecoder(
      (bytes) => stdout.push(Buffer.from(bytes)),
      (bytes) => stderr.push(Buffer.from(bytes)),
    )
    decode(head)
    socket.on('data', decode)
    await container.start()
    socket.end(Buffer.concat([...program.files.map(({ bytes }) => bytes), program.stdin]))
    await finished(socket)
    await eventually(async () => !(await container.inspect()).State.Running)
    const { State } = await container.inspect()
    return { exitCode: State.ExitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
  } finally {
    await container.remove({ force: true, v: true })
  }
}
