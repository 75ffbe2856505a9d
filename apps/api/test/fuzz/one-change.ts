import fc from 'fast-check'
import { strangeName, strangeValue } from './strange-values.ts'

type Change =
  | { readonly type: 'replace'; readonly by: unknown }
  | { readonly type: 'remove' }
  | { readonly type: 'add'; readonly name: string; readonly value: unknown }
  | { readonly type: 'wrap' }

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: strangeValue.map((by) => ({ type: 'replace' as const, by })) },
  { weight: 1, arbitrary: fc.constant({ type: 'remove' as const }) },
  {
    weight: 2,
    arbitrary: fc.tuple(strangeName, strangeValue).map(([name, value]) => ({ type: 'add' as const, name, value })),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'wrap' as const }) },
)

const countParts = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((count, part) => count + countParts(part), 1)
}

/** `undefined` removes the part. */
const apply = (value: unknown, wanted: Change): unknown => {
  switch (wanted.type) {
    case 'replace':
      return wanted.by
    case 'remove':
      return undefined
    case 'wrap':
      return [value]
    case 'add': {
      if (Array.isArray(value)) return [...value, wanted.value]
      const fields = typeof value === 'object' && value !== null ? Object.entries(value) : []
      return Object.fromEntries([...fields, [wanted.name, wanted.value]])
    }
  }
}

/** A copy in which part number `at` is changed, counted from the outside in. */
const changeAt = (value: unknown, at: number, wanted: Change): unknown => {
  if (at === 0) return apply(value, wanted)
  if (typeof value !== 'object' || value === null) return value
  let left = at - 1
  const parts: [string, unknown][] = []
  for (const [name, part] of Object.entries(value)) {
    const size = countParts(part)
    const changed = left >= 0 && left < size ? changeAt(part, left, wanted) : part
    left -= size
    if (changed !== undefined) parts.push([name, changed])
  }
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts)
}

/** The same value with one change somewhere: another type, an edge value, a field more or a field less. */
export const withOneChange = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(values, fc.nat(), change)
    .map(([value, at, wanted]) => changeAt(value, at % countParts(value), wanted) ?? null)
