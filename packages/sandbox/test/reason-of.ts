import { ZodError } from 'zod'

/** The innermost cause of an error, in our words. Of a message that does not fit its schema: each field, and its fault. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof ZodError) return error.issues.map(({ path, code }) => [...path, code].join(' ')).join(', ')
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  return cause === undefined || cause instanceof SyntaxError ? message : reasonOf(cause)
}
