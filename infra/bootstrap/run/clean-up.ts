// Ends and removes what a run recorded, when its supervisor is no longer there to do it.
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { docker } from '../command.ts'
import { isAlive, type ProcessIdentity } from '../process-identity.ts'
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
    // An engine that does not answer runs nothing either.
    await removeContainers(containers).catch(() => {})
    await findSandboxes(record)
      .then(removeContainers)
      .catch(() => {})
  }
  removeRecord()
}

/** Sandboxes that the run's workers left on the engine: none, unless a worker was killed. */
export const findSandboxes = async ({ processes, containers }: RunRecord): Promise<readonly string[]> => {
  if (containers.length === 0) return []
  // A worker's name starts with its host and process id, and its containers carry that name.
  const workers = processes.map(({ pid }) => `${hostname()}-${pid}-`)
  const list = await docker('ps', '--all', '--filter', 'label=runnel', '--format', '{{.ID}} {{.Label "runnel.worker"}}')
  return list
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([id, label]) => (id !== undefined && workers.some((worker) => label?.startsWith(worker)) ? [id] : []))
}

const removeContainers = async (containers: readonly string[]): Promise<void> => {
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers)
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
