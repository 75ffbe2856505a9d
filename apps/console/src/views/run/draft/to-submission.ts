import type { Limits, Submission } from '@runnel/client'
import { type Draft, type DraftLimits, entryOf } from './draft.ts'
import { BOUNDS } from './program-bounds.ts'

/** Where a value is typed: the part of the drawer that can be opened to mend it. */
export type DrawerPart = 'input' | 'arguments' | 'environment' | 'limits'

/** Why a draft cannot be sent, in a sentence. */
export interface DraftFault {
  readonly part: DrawerPart | undefined
  readonly sentence: string
}

const MIB = 1024 * 1024

/** Each limit: how it is typed, and how many of the API's units that is. */
export const LIMIT_FIELDS = {
  wallSeconds: { name: 'wallMs', label: 'Time', unit: 's', factor: 1_000 },
  cpuSeconds: { name: 'cpuMs', label: 'Processor time', unit: 's', factor: 1_000 },
  memoryMiB: { name: 'memoryBytes', label: 'Memory', unit: 'MiB', factor: MIB },
  outputMiB: { name: 'outputBytes', label: 'Output', unit: 'MiB', factor: MIB },
  processes: { name: 'processes', label: 'Processes', unit: '', factor: 1 },
  diskMiB: { name: 'diskBytes', label: 'Disk', unit: 'MiB', factor: MIB },
} as const satisfies Readonly<
  Record<
    keyof DraftLimits,
    { readonly name: keyof Limits; readonly label: string; readonly unit: string; readonly factor: number }
  >
>

export const LIMIT_KEYS = ['wallSeconds', 'cpuSeconds', 'memoryMiB', 'outputMiB', 'processes', 'diskMiB'] as const

/** What is wrong with a limit as it is typed; undefined if nothing is. How large it may be, the API says. */
export const limitFault = (key: keyof DraftLimits, typed: string): string | undefined => {
  const { label, unit } = LIMIT_FIELDS[key]
  if (typed.trim() === '' || Number(typed) > 0) return undefined
  return `${label} must be a number above 0${unit === '' ? '' : `, in ${unit}`}`
}

/** The arguments: each line is one, as it is, also with spaces. Empty lines at the end are none. */
export const readArgs = (typed: string): string[] => {
  const text = typed.replace(/\n+$/, '')
  return text === '' ? [] : text.split('\n')
}

/** The variables, or the first line that is none. */
export const readEnv = (typed: string): { readonly env: Record<string, string> } | { readonly fault: string } => {
  const env: Record<string, string> = {}
  for (const [index, line] of typed.split('\n').entries()) {
    if (line.trim() === '') continue
    const [, name, value = ''] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
    if (name === undefined) return { fault: `Line ${index + 1} of the environment is not NAME=value` }
    env[name] = value
  }
  return { env }
}

const readLimits = (typed: DraftLimits): Partial<Limits> => {
  const limits: Partial<Limits> = {}
  for (const key of LIMIT_KEYS) {
    if (typed[key].trim() === '') continue
    limits[LIMIT_FIELDS[key].name] = Math.round(Number(typed[key]) * LIMIT_FIELDS[key].factor)
  }
  return limits
}

const bytesOf = ({ content, encoding }: Draft['files'][number]): number =>
  encoding === 'base64' ? Math.floor((content.length * 3) / 4) : new TextEncoder().encode(content).length

const faultOf = (draft: Draft): DraftFault | undefined => {
  const bytes = draft.files.reduce((sum, file) => sum + bytesOf(file), 0)
  if (entryOf(draft).content.trim() === '')
    return { part: undefined, sentence: 'There is no program yet. Type one, or paste it.' }
  if (draft.files.length > BOUNDS.files)
    return {
      part: undefined,
      sentence: `A program can have ${BOUNDS.files} files; this one has ${draft.files.length}. Take some away.`,
    }
  if (bytes > BOUNDS.sourceBytes) {
    const size = `${(bytes / MIB).toFixed(2)} MiB`
    return { part: undefined, sentence: `A program can have 1 MiB of source; this one has ${size}. Make it shorter.` }
  }
  if (new TextEncoder().encode(draft.stdin).length > BOUNDS.stdinBytes)
    return { part: 'input', sentence: 'The input can have 1 MiB at the start. Make it shorter.' }
  if (readArgs(draft.args).length > BOUNDS.args)
    return { part: 'arguments', sentence: `A program can have ${BOUNDS.args} arguments. Take some away.` }
  const environment = readEnv(draft.env)
  if ('fault' in environment) return { part: 'environment', sentence: environment.fault }
  if (Object.keys(environment.env).length > BOUNDS.env)
    return { part: 'environment', sentence: `A program can have ${BOUNDS.env} variables. Take some away.` }
  for (const key of LIMIT_KEYS) {
    const sentence = limitFault(key, draft.limits[key])
    if (sentence !== undefined) return { part: 'limits', sentence }
  }
  return undefined
}

/** What POST /v1/jobs gets for this draft, or why it cannot be sent. */
export const toSubmission = (draft: Draft): { readonly submission: Submission } | { readonly fault: DraftFault } => {
  const fault = faultOf(draft)
  if (fault !== undefined) return { fault }
  const environment = readEnv(draft.env)
  const args = readArgs(draft.args)
  const limits = readLimits(draft.limits)
  const entry = entryOf(draft)
  const isOne = draft.files.length === 1 && draft.isNameAutomatic && entry.encoding === 'utf8'
  const submission: Submission = {
    ...(isOne
      ? { code: entry.content }
      : { files: draft.files.map(({ path, content, encoding }) => ({ path, content, encoding })), entry: entry.path }),
    ...(draft.language === undefined ? {} : { language: draft.language }),
    ...(args.length === 0 ? {} : { args }),
    ...('env' in environment && Object.keys(environment.env).length > 0 ? { env: environment.env } : {}),
    ...(draft.stdin === '' ? {} : { stdin: draft.stdin }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    tty: draft.tty,
  }
  return { submission }
}

/** The same draft with these limits of the API's, such as those that an action offers. */
export const withLimits = (draft: Draft, limits: Partial<Limits>): Draft => {
  const typed: Record<keyof DraftLimits, string> = { ...draft.limits }
  for (const key of LIMIT_KEYS) {
    const { name, factor } = LIMIT_FIELDS[key]
    const value = limits[name]
    if (value !== undefined) typed[key] = String(Number((value / factor).toFixed(3)))
  }
  return { ...draft, limits: typed }
}
