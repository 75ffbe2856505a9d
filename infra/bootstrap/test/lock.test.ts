import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { identify } from '../process-identity.ts'

/** Takes the lock, runs a command that starts another process, and prints the process id of that one. */
const PREPARE = `
  import { readFileSync } from 'node:fs'
  import { lockPreparing } from './infra/bootstrap/prepare/lock.ts'
  import { run, STEP_LOG } from './infra/bootstrap/command.ts'
  await lockPreparing()
  const poll = setInterval(() => {
    try {
      const pid = readFileSync(STEP_LOG, 'utf8')
      if (!pid.endsWith('\\n')) return
      process.stdout.write(pid)
      clearInterval(poll)
    } catch {}
  }, 20)
  await run('sh', ['-c', 'sleep 60 & echo $!; wait']).catch(() => process.stdout.write('failed'))
  process.stdout.write('went on')
`

const isHeld = (lock: string): boolean => lstatSync(lock, { throwIfNoEntry: false }) !== undefined

const openPreparing = () => {
  const root = mkdtempSync(join(tmpdir(), 'runnel-lock-'))
  cpSync(join(import.meta.dirname, '..'), join(root, 'infra/bootstrap'), { recursive: true })
  mkdirSync(join(root, '.runnel/log'), { recursive: true })
  const children: ChildProcess[] = []
  return {
    lock: join(root, '.runnel/preparing'),
    prepare() {
      const options = ['--input-type=module', '--eval', PREPARE]
      const child = spawn(process.execPath, options, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
      children.push(child)
      return child
    },
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL')
      rmSync(root, { recursive: true })
    },
  }
}

test('A command that gets a signal ends everything it runs, and then releases the lock', async () => {
  using preparing = openPreparing()
  const child = preparing.prepare()
  const [pid] = await once(child.stdout, 'data')
  expect(isHeld(preparing.lock)).toBe(true)
  let after = ''
  child.stdout.on('data', (text) => (after += text))
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  expect(code).toBe(130)
  expect(after).toBe('')
  // It is killed by now, but a busy kernel takes a moment.
  await expect.poll(() => identify(Number(pid))).toBeUndefined()
  expect(isHeld(preparing.lock)).toBe(false)
})

test.each(['1', `${process.pid} another-start`])('A lock is free when its owner %j is gone', async (owner) => {
  using preparing = openPreparing()
  symlinkSync(owner, preparing.lock)
  const child = preparing.prepare()
  const [text] = await once(child.stdout, 'data')
  expect(String(text)).toMatch(/^\d+\n$/)
  child.kill('SIGTERM')
  await once(child, 'close')
})
