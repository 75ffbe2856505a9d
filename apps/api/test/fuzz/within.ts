/** The result of `promise`. Throws if it takes longer. */
export const within = async <T>(ms: number, promise: PromiseLike<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`Still not answered after ${ms} ms`)), ms)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
