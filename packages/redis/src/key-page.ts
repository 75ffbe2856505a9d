import { KEY_TABLE, type KeyFamily } from './key-table.ts'

const toRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const toTable = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map(toRow).join('\n')

/** `docs/redis-keys.md`, from the table of keys. */
export const toKeyPage = (): string => {
  const families: readonly KeyFamily[] = Object.values(KEY_TABLE)
  const keys = families.filter(({ type }) => type !== 'channel')
  const channels = families.filter(({ type }) => type === 'channel')
  return `<!-- Generated from packages/redis/src/key-table.ts by \`npm --prefix packages/redis run docs\`. Change the table, not this page. -->

# Keys in Redis

Every name starts with \`RUNNEL_PREFIX\` and a colon: \`{runnel}:waiting\`. The braces of the prefix are a hash tag: they keep all
keys in one slot of a Redis Cluster. Names that start with \`jobs:\` are BullMQ's.

No package writes the name of a key itself: all take it from \`createRedisKeys\` of \`packages/redis\`. Each test that uses Redis fails if
it leaves a key that is not in this table, or one of another type.

## Keys

${toTable(
  ['key', 'type', 'holds', 'written by', 'read by', 'lives', 'bound on its size'],
  keys.map(({ pattern, type, holds, writers, readers, lifetime, bound }) => [
    `\`${pattern}\``,
    type,
    holds,
    writers,
    readers,
    lifetime,
    bound,
  ]),
)}

## Channels

${toTable(
  ['channel', 'carries', 'published by', 'subscribed to by'],
  channels.map(({ pattern, holds, writers, readers }) => [`\`${pattern}\``, holds, writers, readers]),
)}
`
}
