import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'

const APPS = join(import.meta.dirname, '../../..')
/** The same as in infra/bootstrap/run/parts.ts. */
const YOUNG_GENERATION = '--max-semi-space-size=8'
const LOGS = join(APPS, '../.runnel/log')

const STOP_MS = 40_000

/** The API or a worker, as an operator starts it. */
export interface AppProcess extends AsyncDisposable {
  readonly pid: number
  readonly log: string
  isRunning(): boolean
}

/** It has its own process group, so that a Ctrl-C in the terminal goes only to us, and writes its log to a file. */
export const startApp = async (
  app: 'api' | 'worker',
  env: Readonly<Record<string, string>>,
  name: string,
): Promise<AppProcess> => {
  const { PATH = '', HOME = '', DOCKER_HOST } = process.env
  mkdirSync(LOGS, { recursive: true })
  const log = join(LOGS, `bench-${name}.log`)
  const output = openSync(log, 'w')
  const child = spawn(process.execPath, [YOUNG_GENERATION, join(APPS, app, 'src/main.ts')], {
    env: { PATH, HOME, ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }), ...env },
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const ended = once(child, 'exit')
  ended.catch(() => {})
  await once(child, 'spawn')
  return {
    pid: child.pid ?? 0,
    log,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await ended
      clearTimeout(insist)
    },
  }
}
