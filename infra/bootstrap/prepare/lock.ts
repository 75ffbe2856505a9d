// Two commands in one folder prepare one after the other. The lock is a symbolic link that points to its owner's process
// id: it is made and read in one step each, and is free once its owner is gone.
import { readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { read } from '../command.ts'
import { KEPT } from '../places.ts'

const LOCK = join(KEPT, 'preparing')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export const lockPreparing = async (): Promise<Disposable> => {
  for (let waits = 0; !take(); waits += 1) {
    const owner = readOwner()
    if (owner !== undefined && !(await isBootstrap(owner))) {
      rmSync(LOCK, { force: true })
      continue
    }
    if (waits === 0) process.stdout.write('  Waiting for another command in this folder to finish preparing\n')
    await delay(1_000)
  }
  const release = () => rmSync(LOCK, { force: true })
  const quit = () => {
    release()
    process.exit(130)
  }
  for (const signal of SIGNALS) process.on(signal, quit)
  process.on('exit', release)
  return {
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, quit)
      process.off('exit', release)
      release()
    },
  }
}

const take = (): boolean => {
  try {
    symlinkSync(`${process.pid}`, LOCK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

const readOwner = (): string | undefined => {
  try {
    return readlinkSync(LOCK)
  } catch {
    // Released in this moment.
    return undefined
  }
}

/** The process id of an owner that is gone may belong to another program by now. */
const isBootstrap = async (pid: string): Promise<boolean> => {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        : await read('ps', ['-o', 'args=', '-p', pid])
    return command.includes('infra/bootstrap')
  } catch {
    return false
  }
}
