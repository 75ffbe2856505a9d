// The docker command, never waited for without end.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const docker = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await run('docker', args, { timeout: 30_000, killSignal: 'SIGKILL' })
  return stdout.trim()
}
