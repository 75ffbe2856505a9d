import { z } from 'zod'

type Read<S extends z.ZodType> =
  | { readonly success: true; readonly data: z.output<S> }
  | { readonly success: false; readonly error: z.core.$ZodError }

/**
 * Parses untrusted input. Zod reads `length` even of a value that is neither a text nor a list. If `length` is an object
 * whose `toString` cannot be called, zod throws a TypeError.
 */
export const safeParse = <S extends z.ZodType>(schema: S, value: unknown): Read<S> => {
  try {
    return schema.safeParse(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const message = 'a part of it is an object and must be a text or a list'
    return { success: false, error: new z.ZodError([{ code: 'custom', path: [], message, input: value }]) }
  }
}
