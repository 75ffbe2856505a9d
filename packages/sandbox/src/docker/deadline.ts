/**
 * Settles within `ms`, whatever `promise` does: the engine may accept a request and never answer it, and some calls of its
 * client then never settle. The error names the call.
 */
export const withDeadline = async <T>(promise: Promise<T>, ms: number, what: string): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`Docker did not answer "${what}" within ${ms} ms`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
