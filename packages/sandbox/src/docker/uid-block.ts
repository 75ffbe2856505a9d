import { randomInt } from 'node:crypto'

/** Users of one container; no other container on the host has them. */
export interface UidBlock {
  readonly first: number
  readonly count: number
}

export interface UidRange {
  readonly from: number
  readonly to: number
  readonly perContainer: number
}

/** Far above the users of any image. One job needs one user; the others are for the jobs after it. */
const WIDE: UidRange = { from: 1_000_000, to: 101_000_000, perContainer: 10_000 }
/** A remapped or rootless engine has 65,536 users, and images use some of the lowest: a container serves fewer jobs there. */
const NARROW: UidRange = { from: 20_000, to: 60_000, perContainer: 16 }

const TRIES = 50

export const toUidRange = (securityOptions: readonly string[]): UidRange =>
  securityOptions.some((option) => /^name=(?:userns|rootless)\b/.test(option)) ? NARROW : WIDE

/**
 * The kernel counts some quotas by user over the whole host, so no two containers may share a user. The engine ensures it,
 * for all workers: the first user is part of the container's name, and names are unique.
 */
export const claimUidBlock = async (
  { from, to, perContainer }: UidRange,
  /** Resolves with undefined if the name is taken. */
  create: (block: UidBlock, name: string) => Promise<string | undefined>,
): Promise<{ id: string; uids: UidBlock }> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const uids = { first: from + randomInt((to - from) / perContainer) * perContainer, count: perContainer }
    const id = await create(uids, `runnel-${uids.first}`)
    if (id !== undefined) return { id, uids }
  }
  throw new Error(`All of ${TRIES} names for a container were taken: too many containers on this engine`)
}
