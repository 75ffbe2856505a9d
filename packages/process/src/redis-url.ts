import { readFileSync } from 'node:fs'
import { StartError } from './start-error.ts'

/** The URL of Redis, with the password from the file if there is one. Throws a StartError if it cannot be read. */
export const toRedisUrl = (given: {
  readonly REDIS_URL: string
  readonly REDIS_PASSWORD_FILE?: string | undefined
}): string => {
  const { REDIS_URL, REDIS_PASSWORD_FILE: file } = given
  if (file === undefined) return REDIS_URL
  const url = new URL(REDIS_URL)
  try {
    url.password = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new StartError(
      'REDIS_PASSWORD_FILE: cannot be read: name a file with the password of the user in REDIS_URL',
      {
        cause,
      },
    )
  }
  return url.href
}
