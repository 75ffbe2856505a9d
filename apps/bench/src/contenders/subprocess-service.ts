// subprocess-service.ts <python>: the simplest service there is. Each request's code becomes a file in a temporary
// folder and runs as a subprocess of the service, with its user, its files and its network.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Execution, serve } from './serve.ts'

const TIMEOUT_MS = 30_000

const [, , python = 'python3'] = process.argv

const execute = async (code: string): Promise<Execution> => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-bench-'))
  try {
    await writeFile(join(folder, 'main.py'), code)
    const child = spawn(python, ['-u', 'main.py'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    })
    let output = ''
    let error = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      error += text
    })
    const [exitCode] = await once(child, 'close')
    return { success: exitCode === 0, output, error }
  } finally {
    // Not awaited: the answer does not depend on the clean-up.
    void rm(folder, { recursive: true, force: true })
  }
}

serve(execute, async () => {})
