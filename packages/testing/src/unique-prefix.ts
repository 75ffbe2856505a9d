import { randomBytes } from 'node:crypto'

/** A Redis prefix that no other test has, hash tag included. */
export const uniquePrefix = (): string => `{runnel-test-${randomBytes(8).toString('hex')}}`
