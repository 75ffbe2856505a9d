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
 * The same agent as a plain child process, for trying out where Docker cannot run, and for fast tests.
 *
 * No isolation: programs are the caller's own user, see its files and its network. Time and output are limited as
 * everywhere; memory, processes and disk are not.
 */
export interface LocalSandboxesOptions {
  /** Where programs find their interpreters: a PATH. */
  readonly path: string
  readonly killGraceMs: number
}

const AGENT = fileURLToPath(new URL('../../agent/src', import.meta.url))
/** An agent ends itself when its input ends; this long after it is made to. */
const LAST_CALL_MS = 2_000

const startAgent = (workspace: string, { path }: LocalSandboxesOptions) => {
  const env = { PATH: path, HOME: workspace, LANG: 'C.UTF-8' }
  // A session of its own: a Ctrl-C in the terminal is for us, and we end the agents in order.
  const child = spawn('python3', ['-I', '-S', '-B', AGENT], {
    cwd: workspace,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaint = ''
  const connection = createAgentConnection({
    write: (bytes) => void child.stdin.write(bytes),
    end: () => void child.stdin.end(),
    close: () => void child.stdin.destroy(),
  })
  connection.send([
    encodeInit({ uid: null, jobsPerContainer: 1, workspace, env, cpus: availableParallelism(), warm: null }),
  ])
  const exited = Promise.withResolvers<void>()
  child.stdin.on('error', (cause) => connection.close(new Error('The agent no longer reads', { cause })))
  child.stdout.on('data', connection.received)
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString('utf8')).slice(-4096)
  })
  child.once('error', (cause) => {
    connection.close(new Error('Cannot start python3, which the local sandbox needs', { cause }))
    exited.resolve()
  })
  child.once('close', () => {
    connection.close(new Error(`The agent ended${complaint === '' ? '' : `; its last words: ${complaint.trim()}`}`))
    exited.resolve()
  })
  return { child, connection, exited: exited.promise }
}

/** Folders a program closed to itself are opened first. What still cannot be removed stays: it is the user's own folder. */
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
      const lastCall = setTimeout(() => child.kill('SIGKILL'), LAST_CALL_MS)
      await exited
      clearTimeout(lastCall)
      await removeWorkspace(workspace)
    }
    const sandbox: Sandbox = {
      id: `local-${child.pid}`,
      warm: false,
      run: (request) =>
        runProgram(connection, request, {
          argv: language.command(request.program.entry),
          killGraceMs: options.killGraceMs,
          isolation: 'job',
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
    check: async () => {},
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((sandbox) => sandbox[Symbol.asyncDispose]()))
    },
  }
}
