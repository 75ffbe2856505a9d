// A step of the preparation: one line while it runs, nothing when there is nothing to do, one sentence when it fails.
import { appendFileSync, statfsSync, writeFileSync } from 'node:fs'
import { STEP_LOG } from '../command.ts'
import { readTail } from '../log-tail.ts'
import { Refusal } from '../refusal.ts'

export interface Step {
  readonly title: string
  /** Cheap: it runs at every start. It may refuse, when something stands in the way that `act` cannot change. */
  readonly isDone: () => boolean | Promise<boolean>
  /** A folder on the disk that `act` fills; undefined when it is not on this machine. */
  readonly disk: () => string | undefined | Promise<string | undefined>
  readonly act: () => void | Promise<void>
  /** What the reader does when `act` has failed. */
  readonly remedy: string
}

export const takeSteps = async (steps: readonly Step[]): Promise<void> => {
  for (const step of steps) if (!(await step.isDone())) await takeStep(step)
}

const takeStep = async ({ title, disk, act, remedy }: Step): Promise<void> => {
  refuseFullDisk(await disk())
  const startedAt = performance.now()
  process.stdout.write(`  ${title} …`)
  writeFileSync(STEP_LOG, '')
  try {
    await act()
  } catch (error) {
    appendFileSync(STEP_LOG, `${error instanceof Error ? error.message : error}\n`)
    process.stdout.write(' failed\n')
    process.stderr.write(`${readTail(STEP_LOG, 20)}\n`)
    throw new Refusal(remedy)
  }
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  process.stdout.write(seconds >= 2 ? ` ${seconds} s\n` : '\n')
}

const MIB = 1024 * 1024
const NEEDED_MIB = 3 * 1024

const refuseFullDisk = (folder: string | undefined): void => {
  if (folder === undefined) return
  const { bavail, bsize } = statfsSync(folder)
  const freeMib = Math.floor((bavail * bsize) / MIB)
  if (freeMib < NEEDED_MIB) {
    throw new Refusal(
      `Only ${freeMib} MiB are free where ${folder} lives: free at least 3 GiB there, then run this again.`,
    )
  }
}
