import type { Redis } from '../connect-redis.ts'
import { KEY_TABLE, type KeyFamily, VALUE_PATTERNS } from '../key-table.ts'

const isValueName = (name: string): name is keyof typeof VALUE_PATTERNS => name in VALUE_PATTERNS

const toPattern = (pattern: string): RegExp => {
  const source = pattern.replaceAll(/<(\w+)>/g, (_, name: string) => {
    if (!isValueName(name)) throw new Error(`VALUE_PATTERNS does not say what <${name}> may be`)
    return VALUE_PATTERNS[name]
  })
  return new RegExp(`^${source}$`)
}

const families: readonly KeyFamily[] = Object.values(KEY_TABLE)
const KEYS = families
  .filter(({ type }) => type !== 'channel')
  .map((family) => ({ family, pattern: toPattern(family.pattern) }))

const isFinishedLog = async (redis: Redis, key: string): Promise<boolean> => {
  const [last] = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
  return last?.[1][1] === 'finished'
}

const mustExpire = async (redis: Redis, key: string, { expires }: KeyFamily): Promise<boolean> =>
  expires === 'always' || (expires === 'once finished' && (await isFinishedLog(redis, key)))

const judge = async (redis: Redis, prefix: string, key: string): Promise<string[]> => {
  const [type, ttl] = await Promise.all([redis.type(key), redis.pttl(key)])
  // It has expired since it was found.
  if (type === 'none') return []
  const found = KEYS.find(({ pattern }) => pattern.test(key.slice(`${prefix}:`.length)))
  if (found === undefined) return [`${key} is not in the table of keys`]
  const { family } = found
  if (type !== family.type) return [`${key} is a ${type}, in the table of keys it is a ${family.type}`]
  return ttl === -1 && (await mustExpire(redis, key, family)) ? [`${key} would stay forever`] : []
}

/** What is wrong with the keys of a test: one that the table does not know, one of another type, one that never expires. */
export const findWrongKeys = async (redis: Redis, prefix: string, keys: readonly string[]): Promise<string[]> =>
  (await Promise.all(keys.map((key) => judge(redis, prefix, key)))).flat()
