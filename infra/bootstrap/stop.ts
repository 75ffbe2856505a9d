// The end of stop.sh: asks the run of this checkout to end, and sees to it that it has.
import { setTimeout as delay } from 'node:timers/promises'
import { cleanUp } from './clean-up.ts'
import { findLeftovers } from './leftovers.ts'
import { isRunning, type RunRecord, readRecord } from './run-record.ts'

/** Longer than a run takes to stop in the worst case. */
const STOP_WITHIN_MS = 60_000

const untilEnded = async (record: RunRecord): Promise<void> => {
  const deadline = Date.now() + STOP_WITHIN_MS
  while (isRunning(record) && Date.now() < deadline) await delay(50)
  if (isRunning(record)) process.kill(record.supervisor.pid, 'SIGKILL')
}

const record = readRecord()
if (record === undefined) {
  process.stdout.write('Runnel is not running.\n')
} else {
  const wasRunning = isRunning(record)
  if (wasRunning) {
    process.kill(record.supervisor.pid, 'SIGTERM')
    await untilEnded(record)
  }
  // A run that stopped by itself has left nothing to clean up.
  const left = readRecord()
  if (left !== undefined) await cleanUp(left)
  process.stdout.write(wasRunning ? 'Stopped.\n' : 'Cleaned up after a run that had been killed.\n')
  const containers = record.containers.length > 0 ? await findLeftovers(record) : []
  if (containers.length > 0) {
    process.stderr.write(`runnel: Containers are left: remove them with \`docker rm -f ${containers.join(' ')}\`.\n`)
    process.exitCode = 1
  }
}
