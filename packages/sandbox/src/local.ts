import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findLanguage } from '@runnel/languages'
import { createAgentConnection } from './agent/connection.ts'
import { runProgram } from './agent/exec.ts'
import { encodeInit } from './agent/protocol.ts'
import { type Sandbox, type Sandboxes, SandboxFailure } from './sandbox.ts'

/**
 * The same agent as a plain child process: for trying out where Docker cannot run, and for fast tests.
 *
 * No isolation: programs run as the caller's own user, with its files and its network. Time and output are limited;
 * memory, processes and disk are not.
 */
export interface LocalSandboxesOptions {
  /** The PATH in which programs find their interpreters. */
  readonly path: string
  readonly killGraceMs: number
}

const AGENT = fileURLToPath(new URL('../../agent/src', import.meta.url))
const TYPESCRIPT = fileURLToPath(new URL('../../typescript/src', import.meta.url))
/** An agent exits when its input ends. After this long it is killed. */
const EXIT_TIMEOUT_MS = 2_000

const startAgent = (workspace: string, { path }: LocalSandboxesOptions) => {
  const env = { PATH: path, HOME: workspace, LANG: 'C.UTF-8' }
  // Its own session, because a Ctrl-C in the terminal must reach only the worker, which ends the agents in order.
  const child = spawn('python3', ['-I', '-S', '-B', AGENT], {
    cwd: workspace,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderrTail = ''
  const connection = createAgentConnection({
    write: (bytes) => void child.stdin.write(bytes),
    end: () => void child.stdin.end(),
    close: () => void child.stdin.destroy(),
  })
  connection.send([
    encodeInit({
      use: 'programs',
      confinement: { kind: 'local' },
      diskBytes: 0,
      processes: 0,
      workspace,
      env,
      cpus: availableParallelism(),
      warm: null,
    }),
  ])
  const exited = Promise.withResolvers<void>()
  child.stdin.on('error', (cause) => connection.close(new Error('The agent no longer reads', { cause })))
  child.stdout.on('data', connection.received)
  child.stderr.on('data', (bytes: Buffer) => {
    stderrTail = (stderrTail + bytes.toString('utf8')).slice(-4096)
  })
  child.once('error', (cause) => {
    connection.close(new Error('Cannot start python3, which the local sandbox needs', { cause }))
    exited.resolve()
  })
  child.once('close', () => {
    connection.close(new Error(`The agent ended${stderrTail === '' ? '' : `; it printed: ${stderrTail.trim()}`}`))
    exited.resolve()
  })
  return { child, connection, exited: exited.promise }
}

/** Opens folders that a program closed, then removes everything. What cannot be removed stays, in the user's own temporary folder. */
const removeWorkspace = async (workspace: string): Promise<void> => {
  const open = spawn('chmod', ['-R', 'u+rwx', workspace], { stdio: 'ignore' })
  await once(open, 'close')
  await rm(workspace, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
}

export const createLocalSandboxes = (options: LocalSandboxesOptions): Sandboxes => {
  const open = new Set<Sandbox>()

  const create = async (languageId: string): Promise<Sandbox> => {
    const language = findLanguage(languageId)
    if (language === undefined) throw new Error(`There is no language "${languageId}" here`)
    const workspace = await mkdtemp(join(tmpdir(), 'runnel-'))
    const { child, connection, exited } = startAgent(workspace, options)
    const dispose = async () => {
      open.delete(sandbox)
      connection.close(new Error('The sandbox is no longer needed'))
      const killTimer = setTimeout(() => child.kill('SIGKILL'), EXIT_TIMEOUT_MS)
      await exited
      clearTimeout(killTimer)
      await removeWorkspace(workspace)
    }
    const sandbox: Sandbox = {
      id: `local-${child.pid}`,
      warm: false,
      run: (request) =>
        runProgram(connection, request, {
          argv: language.command(request.program.entry),
          coldEnv: language.coldEnv(request.program, TYPESCRIPT),
          killGraceMs: options.killGraceMs,
        }),
      [Symbol.asyncDispose]: dispose,
    }
    open.add(sandbox)
    try {
      await connection.nextReady()
      return sandbox
    } catch (error) {
      await dispose()
      throw error
    }
  }

  return {
    async lease({ language }) {
      try {
        return await create(language)
      } catch (cause) {
        throw new SandboxFailure('No local sandbox could be started', { cause, programStarted: false })
      }
    },
    async hold() {
      throw new SandboxFailure('Sandboxes that last need Docker: RUNNEL_SANDBOX=local runs jobs only', {
        programStarted: false,
      })
    },
    check: async () => {},
    // Each job gets a new process.
    pool: { idle: 0, bound: 0 },
    isolation: { served: 'none', reason: 'RUNNEL_SANDBOX=local: programs run as the worker’s own user' },
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((sandbox) => sandbox[Symbol.asyncDispose]()))
    },
  }
}
