import { KEY_TABLE, type KeyFamily } from './key-table.ts'

/** `<…>` as Redis writes it: any text. */
const toGlob = (prefix: string, { pattern }: KeyFamily): string => `${prefix}:${pattern.replaceAll(/<\w+>/g, '*')}`

/** No command that administers Redis or looks at all of it. `info` says how full it is, and BullMQ asks for it. */
const COMMANDS = ['+@all', '-@admin', '-@dangerous', '+info']

/**
 * The rules of the Redis users of the API and of workers, for an ACL file or `ACL SETUSER`, without their passwords.
 *
 * Patterns of keys cannot say "only the jobs that it runs": the scripts of a worker use the queue, and they drop what other
 * jobs printed. So a worker that is taken over reaches all jobs, but nothing that says who may do what.
 */
export const toAclRules = (prefix: string) => {
  const families: readonly KeyFamily[] = Object.values(KEY_TABLE)
  const globs = (ofWorker: KeyFamily['worker'], isChannel: boolean): string[] => [
    ...new Set(
      families
        .filter(({ worker, type }) => worker === ofWorker && (type === 'channel') === isChannel)
        .map((family) => toGlob(prefix, family)),
    ),
  ]
  return {
    api: ['resetkeys', `~${prefix}:*`, 'resetchannels', `&${prefix}:*`, ...COMMANDS],
    worker: [
      'resetkeys',
      ...globs('read and write', false).map((glob) => `~${glob}`),
      ...globs('write', false).map((glob) => `%W~${glob}`),
      'resetchannels',
      ...globs('read and write', true).map((glob) => `&${glob}`),
      ...COMMANDS,
    ],
  }
}

/**
 * `infra/redis/users.acl`. Its `@…@` stand for the SHA-256 of the passwords. Who has not signed in may only ask whether Redis
 * is there.
 */
export const toAclFile = (): string => {
  const { api, worker } = toAclRules('{runnel}')
  return `user default on nopass resetkeys resetchannels -@all +ping
user api on #@API@ ${api.join(' ')}
user worker on #@WORKER@ ${worker.join(' ')}
`
}
