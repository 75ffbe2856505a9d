import type { Leases, SandboxRecords } from '@runnel/registry'
import { findEndCommands } from '../jobs/find-end-commands.ts'
import type { OperationParts } from '../parts.ts'
import { createLossCount, LOSS } from './loss-count.ts'

/**
 * Ends sandboxes whose worker died: those whose lease was not renewed for 25 s in which this process reached Redis all the time.
 * Their commands end as `sandbox-ended`, and keep what they printed. Every API process looks; what one has ended, another one does not
 * end again.
 */
export const endLostSandboxes = (options: {
  readonly records: SandboxRecords
  readonly leases: Pick<Leases, 'renewals' | 'remove'>
  readonly history: OperationParts['history']
  readonly logWriter: OperationParts['logWriter']
  readonly log: OperationParts['log'] & { warn(details: object, message: string): void }
  readonly looks?: typeof LOSS
}): Disposable => {
  const { records, leases, history, logWriter, log, looks: { lookEveryMs, looks } = LOSS } = options
  const count = createLossCount(looks)
  let isDisposed = false
  let timer: NodeJS.Timeout

  const readRenewals = async (): Promise<ReadonlyMap<string, string | undefined>> => {
    const living = await records.living()
    const statuses = await records.statuses(living.map(({ id }) => id))
    for (const [at, sandbox] of living.entries()) if (statuses[at] === undefined) await records.forget(sandbox)
    // A queued one has no lease yet. It is written before the status changes.
    const held = living.filter((_, at) => statuses[at] === 'running' || statuses[at] === 'paused').map(({ id }) => id)
    const renewals = await leases.renewals(held)
    return new Map(held.map((id, at) => [id, renewals[at]]))
  }

  const endRuns = async (sandboxId: string): Promise<void> => {
    for (const runId of await history.findRuns(sandboxId)) {
      const toCommands = await findEndCommands({ history }, runId)
      if (await logWriter.endLostRun(runId, toCommands)) {
        log.error({ sandboxId, jobId: runId }, 'A command ended because its sandbox was lost')
      }
    }
  }

  const look = async (): Promise<void> => {
    for (const id of count.look(await readRenewals())) {
      // First, so that it is done again if this process dies here.
      await endRuns(id)
      if (await records.end(id, 'lost')) log.error({ sandboxId: id }, 'A sandbox was lost: its worker died')
      await leases.remove(id)
    }
  }

  const schedule = (): void => {
    timer = setTimeout(async () => {
      await look().catch((err: unknown) => {
        count.forget()
        log.warn({ err }, 'Cannot look for lost sandboxes')
      })
      if (!isDisposed) schedule()
    }, lookEveryMs)
  }

  schedule()
  return {
    [Symbol.dispose]() {
      isDisposed = true
      clearTimeout(timer)
    },
  }
}
