import type { z } from 'zod'
import { StartError } from './start-error.ts'

/** Messages do not repeat the values of these: they may hold a password. */
const SECRET_NAME = /URL|KEY|SECRET|TOKEN|PASSWORD/

/**
 * Reads a process's configuration from the environment. Nothing else in the services reads it.
 * The schema is an object whose keys are variable names; an empty variable counts as absent.
 * Throws a `StartError` with one sentence per wrong variable.
 */
export const readConfig = <S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv = process.env): z.output<S> => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const result = schema.safeParse(given, { error: toPhrase })
  if (result.success) return result.data
  throw new StartError(result.error.issues.map((issue) => toSentence(issue, given)).join('\n'))
}

const toSentence = (issue: z.core.$ZodIssue, given: Readonly<Record<string, string | undefined>>): string => {
  const name = String(issue.path[0] ?? 'the environment')
  const value = given[name]
  if (value === undefined)
    return `${name}: ${value === undefined && issue.code === 'invalid_type' ? 'must be set' : issue.message}`
  return SECRET_NAME.test(name)
    ? `${name}: ${issue.message}`
    : `${name}: ${issue.message}, not ${JSON.stringify(value)}`
}

/** What the variable must be, if its schema has no message of its own. */
const toPhrase = (issue: z.core.$ZodRawIssue): string | undefined => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'must be a whole number' : `must be a ${issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`
    case 'too_small':
      return issue.origin === 'string'
        ? `must have at least ${issue.minimum} characters`
        : `must be at least ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`
    case 'invalid_format':
      return `must be a valid ${issue.format}`
    default:
      return undefined
  }
}
