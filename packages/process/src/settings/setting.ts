import { z } from 'zod'

/** What the page says about a setting. */
interface Facts {
  /** The unit, for a number. */
  readonly unit?: string
  readonly does: string
  /** Why the default is what it is. */
  readonly reason: string
}

interface PageFacts extends Facts {
  readonly type: string
  readonly default: string
}

/** The facts of every setting, found by its schema. */
export const settingFacts = z.registry<PageFacts>()

/** What the text of a variable may be. */
interface Kind<T> {
  readonly type: string
  readonly schema: z.ZodType<T, string>
}

/** A setting with a default. `defaultText` says where a default comes from that is computed on each machine. */
export const setting = <T extends {}>(
  kind: Kind<T>,
  facts: Facts & { readonly default: NoInfer<T> | (() => NoInfer<T>); readonly defaultText?: string },
): z.ZodType<T, string | undefined> => {
  const { default: value, defaultText = toText(value), ...rest } = facts
  const read = (): T => (value instanceof Function ? value() : value)
  const schema = kind.schema.optional().transform((given) => given ?? read())
  return schema.register(settingFacts, { ...rest, type: kind.type, default: defaultText })
}

/** A setting that may stay out. `absent` says what happens then. */
export const optionalSetting = <T>(
  kind: Kind<T>,
  facts: Facts & { readonly absent: string },
): z.ZodType<T | undefined, string | undefined> => {
  const { absent, ...rest } = facts
  return kind.schema.optional().register(settingFacts, { ...rest, type: kind.type, default: absent })
}

const toText = (value: unknown): string => {
  const text = String(value)
  return text === '' ? 'none' : `\`${text}\``
}

const DIGITS = /^\d{1,15}$/

export const wholeNumber = (minimum: number, maximum?: number): Kind<number> => {
  const number = z.int().min(minimum)
  return {
    type: maximum === undefined ? `whole number, at least ${minimum}` : `whole number, ${minimum} to ${maximum}`,
    schema: z
      .string()
      .regex(DIGITS, 'must be a whole number')
      .transform(Number)
      .pipe(maximum === undefined ? number : number.max(maximum)),
  }
}

export const positiveNumber = (maximum: number): Kind<number> => ({
  type: `number above 0, at most ${maximum}`,
  schema: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().positive().max(maximum)),
})

export const oneOf = <const T extends string>(...values: readonly [T, ...T[]]): Kind<T> => ({
  type: values.map((value) => `\`${value}\``).join(', '),
  schema: z.enum(values),
})

export const text = (type: string, schema: z.ZodType<string, string> = z.string()): Kind<string> => ({ type, schema })

/** Words between commas. `isWord` says which there may be, `of` what they are. */
export const commaList = (of: string, isWord: (word: string) => boolean): Kind<readonly string[]> => ({
  type: `comma list of ${of}`,
  schema: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    )
    .refine((words) => words.every(isWord), `must be a comma list of ${of}`),
})
