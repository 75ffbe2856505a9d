// Sandboxes that the workers of a run have left on the engine: none, unless a worker was killed.
import { hostname } from 'node:os'
import { docker } from './docker.ts'
import type { RunRecord } from './run-record.ts'

/** A worker's containers carry its name, which begins with its host and process id. */
export const findLeftovers = async ({ processes }: RunRecord): Promise<readonly string[]> => {
  const workers = processes.map(({ pid }) => `${hostname()}-${pid}-`)
  const list = await docker('ps', '--all', '--filter', 'label=runnel', '--format', '{{.ID}} {{.Label "runnel.worker"}}')
  return list
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([id, label]) => (id !== undefined && workers.some((worker) => label?.startsWith(worker)) ? [id] : []))
}

export const removeLeftovers = async (record: RunRecord): Promise<void> => {
  const left = await findLeftovers(record)
  if (left.length > 0) await docker('rm', '--force', '--volumes', ...left)
}
