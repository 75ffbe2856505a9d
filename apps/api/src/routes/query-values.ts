import { z } from 'zod'

/** The longest `wait`: longer than a program may run by default. To wait longer, follow its events. */
export const WAIT_MAX_MS = 60_000

/** A number in a query, which is text there. */
export const wholeNumber = (minimum: number, maximum: number) => {
  const error = `it must be a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, error)
}
