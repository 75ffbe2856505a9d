// Ends the run of this checkout, also when its supervisor was killed.
import { setTimeout as delay } from 'node:timers/promises'
import { cleanUp, findSandboxes } from './clean-up.ts'
import { isRunning, type RunRecord, readRecord } from './run-record.ts'

/** Longer than a run takes to stop in the worst case. */
const STOP_TIMEOUT_MS = 60_000

/** Resolves with the exit code. */
export const stop = async (): Promise<number> => {
  const record = readRecord()
  if (record === undefined) {
    process.stdout.write('Runnel is not running.\n')
    return 0
  }
  const wasRunning = isRunning(record)
  if (wasRunning) {
    process.kill(record.supervisor.pid, 'SIGTERM')
    await untilEnded(record)
  }
  // A run that stopped properly has left nothing to clean up.
  const left = readRecord()
  if (left !== undefined) await cleanUp(left)
  process.stdout.write(wasRunning ? 'Stopped.\n' : 'Cleaned up after a run that was killed.\n')
  const sandboxes = await findSandboxes(record)
  if (sandboxes.length === 0) return 0
  process.stderr.write(`runnel: Containers are left: remove them with \`docker rm -f ${sandboxes.join(' ')}\`.\n`)
  return 1
}

const untilEnded = async (record: RunRecord): Promise<void> => {
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while (isRunning(record) && Date.now() < deadline) await delay(50)
  if (isRunning(record)) process.kill(record.supervisor.pid, 'SIGKILL')
}
