/**
 * A command that a package prepares and another one sends, for example to write something in the same step as a job.
 * The key (or the channel) is always the first argument, so that a script can declare it.
 */
export type RedisCommand = readonly [name: string, key: string, ...args: (string | number)[]]
