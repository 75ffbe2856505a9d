import { randomInt } from 'node:crypto'

/** Users that belong to one container and to no other on the host. */
export interface UidBlock {
  readonly first: number
  readonly count: number
}

export interface UidRange {
  readonly from: number
  readonly to: number
  readonly perContainer: number
}

/** Far above every user of any image. One job needs one user; the others are for those that follow it. */
const WIDE: UidRange = { from: 1_000_000, to: 101_000_000, perContainer: 10_000 }
/** A remapped or rootless engine has 65,536 users, images use some of the lowest: fewer jobs follow each other there. */
const NARROW: UidRange = { from: 20_000, to: 60_000, perContainer: 16 }

const TRIES = 50

export const toUidRange = (securityOptions: readonly string[]): UidRange =>
  securityOptions.some((option) => /^name=(?:userns|rootless)\b/.test(option)) ? NARROW : WIDE

/**
 * The kernel counts some of its quotas by user over the whole host, so no two containers share one: the engine itself
 * sees to it, for the first user is in the container's name, and names are unique there, whichever worker asks.
 */
export const claimUidBlock = async (
  { from, to, perContainer }: UidRange,
  /** Resolves with undefined where the name is taken. */
  create: (block: UidBlock, name: string) => Promise<string | undefined>,
): Promise<{ id: string; uids: UidBlock }> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const uids = { first: from + randomInt((to - from) / perContainer) * perContainer, count: perContainer }
    const id = await create(uids, `runnel-${uids.first}`)
    if (id !== undefined) return { id, uids }
  }
  throw new Error(`Every one of ${TRIES} names for a container was taken`)
}
