import { z } from 'zod'

type Read<S extends z.ZodType> =
  | { readonly success: true; readonly data: z.output<S> }
  | { readonly success: false; readonly error: z.core.$ZodError }

/**
 * Reads whatever was sent by a schema. Zod measures the `length` even of what it has found to be no text or list, and a
 * `length` that is an object with a `toString` of its own, which no code can call, makes it throw.
 */
export const safeParse = <S extends z.ZodType>(schema: S, value: unknown): Read<S> => {
  try {
    return schema.safeParse(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const message = 'a part of it is an object where a text or a list must be'
    return { success: false, error: new z.ZodError([{ code: 'custom', path: [], message, input: value }]) }
  }
}
