// What the run of this checkout has started, in a file: for `npm stop`, and for the next start when the run was killed.
// The file is made in one step, so that two runs cannot both have it. It is there from before the first process until after
// the last.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { RECORD } from '../places.ts'
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts'

export interface RunRecord {
  readonly port: number
  readonly supervisor: ProcessIdentity
  /** All that were ever started, also ended ones. Each leads its own process group. */
  readonly processes: readonly ProcessIdentity[]
  readonly containers: readonly string[]
  /** For `npm run keys`; undefined until there is one. */
  readonly redisUrl?: string
}

export const readRecord = (): RunRecord | undefined => {
  try {
    return JSON.parse(readFileSync(RECORD, 'utf8'))
  } catch {
    return undefined
  }
}

export const isRunning = (record: RunRecord): boolean => isAlive(record.supervisor)

/** The Redis of this checkout's run, when there is one. */
export const findRunningRedis = (): string | undefined => {
  const record = readRecord()
  return record !== undefined && isRunning(record) ? record.redisUrl : undefined
}

export const removeRecord = (): void => rmSync(RECORD, { force: true })

const writeBeside = (record: RunRecord): string => {
  const beside = `${RECORD}.${process.pid}`
  writeFileSync(beside, JSON.stringify(record))
  return beside
}

/** A record for the caller to fill; undefined when another run has one. */
export const claimRecord = (port: number): OwnRecord | undefined => {
  const supervisor = identify(process.pid)
  if (supervisor === undefined) throw new Error('Cannot read when this process was started')
  let record: RunRecord = { port, supervisor, processes: [], containers: [] }
  const beside = writeBeside(record)
  try {
    linkSync(beside, RECORD)
  } catch {
    return undefined
  } finally {
    rmSync(beside)
  }
  const update = (change: Partial<RunRecord>) => {
    record = { ...record, ...change }
    renameSync(writeBeside(record), RECORD)
  }
  return {
    current: () => record,
    addProcess(pid) {
      const identity = identify(pid)
      if (identity !== undefined) update({ processes: [...record.processes, identity] })
    },
    setRedis: (redisUrl) => update({ redisUrl }),
    addContainer: (name) => update({ containers: [...record.containers, name] }),
  }
}

export interface OwnRecord {
  current(): RunRecord
  addProcess(pid: number): void
  addContainer(name: string): void
  setRedis(url: string): void
}
