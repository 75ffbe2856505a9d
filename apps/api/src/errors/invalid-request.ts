import { RequestError } from '@runnel/contract/public'
import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** The path as JavaScript writes it: `files[0].path`. */
const toPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

/** What the value must be: the rest of a sentence that starts with "Cannot read <field>: ". */
const toPhrase = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'it is missing'
        : `it must be ${withArticle(issue.expected)}`
    case 'invalid_value':
      return `it must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
    case 'too_small':
      return `it must ${toAmount('at least', issue.minimum, issue.origin)}`
    case 'too_big':
      return `it must ${toAmount('at most', issue.maximum, issue.origin)}`
    case 'invalid_union':
      return 'it matches none of the allowed forms'
    default:
      return issue.message
  }
}

const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`

const toAmount = (bound: string, amount: number | bigint, origin: string): string => {
  if (origin === 'string') return `have ${bound} ${amount} characters`
  if (origin === 'array') return `have ${bound} ${amount} items`
  return `be ${bound} ${amount}`
}

/** Messages of the contract are whole sentences already. */
const isSentence = (message: string): boolean => /^(?:Cannot|Nothing|Not) /.test(message)

const toDetail = (issue: Issue, whole: string): { path: string; message: string } => {
  const path = toPath(issue.path)
  const field = path === '' ? whole : path
  if (issue.code === 'unrecognized_keys') {
    const fields = issue.keys.map((key) => JSON.stringify(toPath([...issue.path, key])))
    return {
      path,
      message: `Cannot read ${whole}: it has the unknown ${fields.length > 1 ? 'fields' : 'field'} ${fields.join(', ')}`,
    }
  }
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
  const message = inner ?? issue.message
  if (!isSentence(message)) return { path, message: `Cannot read ${field}: ${toPhrase(issue)}` }
  const names = path === '' || message.includes(path) || (issue.path.length === 1 && message.includes(`\`${path}\``))
  return { path, message: names ? message : `${message} (${path})` }
}

/** At most this many faults are listed in an answer. A body can have thousands. */
const DETAILS = 20

/** Turns the faults that a schema found into the answer. `whole` names what was read: "the body". */
export const toInvalidRequest = (error: z.core.$ZodError, whole: string): RequestError => {
  const details = error.issues.slice(0, DETAILS).map((issue) => toDetail(issue, whole))
  const more = error.issues.length > 1 ? `, and ${error.issues.length - 1} more: see details` : ''
  return new RequestError('invalid-request', `${details[0]?.message ?? `Cannot read ${whole}`}${more}`, { details })
}
