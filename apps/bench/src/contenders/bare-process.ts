import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { checkOutput } from './check-output.ts'
import type { Contender } from './contender.ts'

/** A program on the command line of an interpreter, as in a terminal. */
const createBareProcess = (
  name: 'bare-python' | 'bare-node',
  command: string,
  toArgs: (token: string) => readonly string[],
): Contender => ({
  name,
  async run(token) {
    const args = toArgs(token)
    const started = performance.now()
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let firstByteMs = Number.NaN
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      if (output === '') firstByteMs = performance.now() - started
      output += bytes.toString()
    })
    await once(child, 'close')
    const finishedMs = performance.now() - started
    checkOutput(output, token)
    return { firstByteMs, finishedMs }
  },
})

export const createBarePython = (python: string): Contender =>
  createBareProcess('bare-python', python, (token) => ['-c', `print("${token}")`])

export const createBareNode = (): Contender =>
  createBareProcess('bare-node', process.execPath, (token) => ['-e', `console.log("${token}")`])
