// Ends and removes what a run recorded, when its supervisor is no longer there to do it.
import { setTimeout as delay } from 'node:timers/promises'
import { docker } from './docker.ts'
import { removeLeftovers } from './leftovers.ts'
import { isAlive, type ProcessIdentity } from './process-identity.ts'
import { type RunRecord, removeRecord } from './run-record.ts'

const GRACE_MS = 10_000

/** Its processes get time to end well, then they are killed. */
export const cleanUp = async (record: RunRecord): Promise<void> => {
  const { processes, containers } = record
  signalGroups(processes, 'SIGTERM')
  const deadline = Date.now() + GRACE_MS
  while (processes.some(isAlive) && Date.now() < deadline) await delay(50)
  signalGroups(processes, 'SIGKILL')
  if (containers.length > 0) {
    // An engine that is away cannot be asked, and nothing runs on it either.
    await docker('rm', '--force', '--volumes', ...containers).catch(() => {})
    await removeLeftovers(record).catch(() => {})
  }
  removeRecord()
}

const signalGroups = (processes: readonly ProcessIdentity[], signal: NodeJS.Signals): void => {
  for (const identity of processes.filter(isAlive)) {
    try {
      process.kill(-identity.pid, signal)
    } catch {
      // It ended in this moment.
    }
  }
}
