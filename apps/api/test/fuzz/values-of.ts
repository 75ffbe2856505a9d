import fc from 'fast-check'
import { z } from 'zod'
import { strangeName } from './strange-values.ts'

type JsonSchema = z.core.JSONSchema.JSONSchema

/** Texts that pass more checks than random ones, by the name of the field. */
export type Words = Readonly<Record<string, fc.Arbitrary<string>>>

const list = <T>(items: readonly T[] | undefined): readonly T[] => items ?? []
const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null
const asSchema = (value: unknown, name: string): JsonSchema => {
  if (isSchema(value)) return value
  throw new Error(`Cannot make up values for ${name}: nothing is known of them`)
}

const toText = ({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> => {
  if (format === 'date-time') {
    const years = { min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }
    return fc.date(years).map((date) => date.toISOString())
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 40) })
}

/** Both ends of the range are as likely as all values in between. */
const toInteger = (schema: JsonSchema): fc.Arbitrary<number> => {
  const { minimum, exclusiveMinimum: above, maximum: max = Number.MAX_SAFE_INTEGER } = schema
  const min = minimum ?? (typeof above === 'number' ? above + 1 : Number.MIN_SAFE_INTEGER)
  return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }))
}

/** Rather not: with every field there, they would often contradict each other. */
const sometimes = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const toObject = (schema: JsonSchema, words: Words): fc.Arbitrary<unknown> => {
  const fields = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const arbitrary = fromJsonSchema(asSchema(value, name), words, name)
    return [name, list(schema.required).includes(name) ? arbitrary : sometimes(arbitrary)]
  })
  const known: fc.Arbitrary<object> = fc.record(Object.fromEntries(fields))
  if (!isSchema(schema.additionalProperties) || schema.propertyNames === undefined) return known
  const names = isSchema(schema.propertyNames) ? fromJsonSchema(schema.propertyNames, words, '') : strangeName
  const values = fromJsonSchema(schema.additionalProperties, words, '')
  return fc.tuple(known, fc.dictionary(names.map(String), values, { maxKeys: 3 })).map(([a, b]) => ({ ...a, ...b }))
}

const fromJsonSchema = (schema: JsonSchema, words: Words, name: string): fc.Arbitrary<unknown> => {
  const { enum: choices, const: only, type } = schema
  const either = [...list(schema.anyOf), ...list(schema.oneOf)]
  if (either.length > 0) return fc.oneof(...either.map((one) => fromJsonSchema(one, words, name)))
  if (only !== undefined) return fc.constant(only)
  if (choices !== undefined) return fc.constantFrom(...choices)
  switch (type) {
    case 'object':
      return toObject(schema, words)
    case 'array': {
      const { minItems = 0, maxItems = 3 } = schema
      const items = fromJsonSchema(asSchema(schema.items, name), words, name)
      return fc.array(items, { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 3)) })
    }
    case 'string': {
      const word = Object.hasOwn(words, name) ? words[name] : undefined
      return word === undefined ? toText(schema) : fc.oneof({ weight: 6, arbitrary: word }, toText(schema))
    }
    case 'integer':
    case 'number':
      return toInteger(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      throw new Error(`Cannot make up values for ${name === '' ? 'this' : name}: ${JSON.stringify(schema)}`)
  }
}

const withoutUndefined = (value: unknown): unknown => {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Values of the shape that a schema describes. What it checks beyond the shape, such as "either of these", they may fail. */
export const valuesOf = (schema: z.ZodType, words: Words): fc.Arbitrary<unknown> => {
  const described = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' })
  return fromJsonSchema(described, words, '').map(withoutUndefined)
}
