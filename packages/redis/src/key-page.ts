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

Where Redis has users ([docker-compose.yml](../docker-compose.yml)), the API and the workers have one each. That of workers reaches
no key that says who may do what, and no admin command ([security](security.md#redis)).

## Keys

${toTable(
  ['key', 'type', 'holds', 'written by', 'read by', "a worker's user may", 'lives', 'bound on its size'],
  keys.map(({ pattern, type, holds, writers, readers, worker, lifetime, bound }) => [
    `\`${pattern}\``,
    type,
    holds,
    writers,
    readers,
    worker,
    lifetime,
    bound,
  ]),
)}

## Channels

${toTable(
  ['channel', 'carries', 'published by', 'subscribed to by', "a worker's user may"],
  channels.map(({ pattern, holds, writers, readers, worker }) => [`\`${pattern}\``, holds, writers, readers, worker]),
)}
`
}
