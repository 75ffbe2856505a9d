// Two commands in one folder prepare one after the other. The lock is a symbolic link that names its owner, a process: it is
// made and read in one step each, and is free once its owner is gone.
import { readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endRunning } from '../command.ts'
import { KEPT } from '../places.ts'
import { identify } from '../process-identity.ts'

const LOCK = join(KEPT, 'preparing')
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export const lockPreparing = async (): Promise<Disposable> => {
  for (let waits = 0; !take(); waits += 1) {
    const owner = readOwner()
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(LOCK, { force: true })
      continue
    }
    if (waits === 0) process.stdout.write('  Waiting for another command in this folder to finish preparing\n')
    await delay(1_000)
  }
  const release = () => rmSync(LOCK, { force: true })
  const quit = async () => {
    await endRunning()
    // Releases the lock, too.
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
  const own = nameProcess(process.pid)
  if (own === undefined) throw new Error('Cannot read when this process was started')
  try {
    symlinkSync(own, LOCK)
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

/** A process id alone may belong to another process by now, in a container even to this one. */
const nameProcess = (pid: number): string | undefined => {
  const identity = identify(pid)
  return identity === undefined ? undefined : `${identity.pid} ${identity.startedAt}`
}

const isAlive = (owner: string): boolean => nameProcess(Number.parseInt(owner, 10)) === owner
