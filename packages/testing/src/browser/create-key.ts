import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const COMMAND = fileURLToPath(new URL('../../../../apps/api/src/keys.ts', import.meta.url))
const ARGUMENTS = ['create', '--tenant', 'acme', '--scopes', 'submit,read,admin', '--name', 'browser tests']

/** Makes a key as `npm run keys` does. Returns the key itself. */
export const createKey = async (settings: {
  readonly REDIS_URL: string
  readonly RUNNEL_PREFIX: string
}): Promise<string> => {
  const env = { PATH: process.env['PATH'], ...settings }
  const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, ...ARGUMENTS], { env, timeout: 30_000 })
  return stdout.trim()
}
