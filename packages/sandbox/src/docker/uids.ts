import { randomInt } from 'node:crypto'

export interface UidRange {
  readonly from: number
  readonly to: number
}

/**
 * In a container of its own a program has the first. In a cell the first is the agent, the second sets a program's namespaces
 * up, and the third is the program.
 */
const PER_CONTAINER = 4

/** Far above the users of any image. */
const WIDE: UidRange = { from: 1_000_000, to: 101_000_000 }
/** A remapped or rootless engine has 65,536 users, and images use some of the lowest. */
const NARROW: UidRange = { from: 20_000, to: 60_000 }

const TRIES = 50

export const toUidRange = (securityOptions: readonly string[]): UidRange =>
  securityOptions.some((option) => /^name=(?:userns|rootless)\b/.test(option)) ? NARROW : WIDE

/**
 * The kernel counts some quotas by user over the whole host, so no two containers may share a user. The engine ensures it,
 * for all workers: the first user is part of the container's name, and names are unique.
 */
export const claimUids = async (
  { from, to }: UidRange,
  /** Resolves with undefined if the name is taken. */
  create: (first: number, name: string) => Promise<string | undefined>,
): Promise<{ readonly id: string; readonly first: number }> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = from + randomInt((to - from) / PER_CONTAINER) * PER_CONTAINER
    const id = await create(first, `runnel-${first}`)
    if (id !== undefined) return { id, first }
  }
  throw new Error(`All of ${TRIES} names for a container were taken: too many containers on this engine`)
}
