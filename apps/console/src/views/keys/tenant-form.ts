import type { LimitName, TenantLimits } from '@runnel/contract/public'

/** A field of the form: its name, its words, and how many of the API's units one of its own is. */
export interface TenantField {
  readonly name: 'running' | 'queued' | 'submitsPerMinute' | 'sandboxes' | 'files' | 'fileBytes' | LimitName
  readonly label: string
  readonly unit: string
  readonly factor: number
}

const MIB = 1024 * 1024

export const BOUND_FIELDS: readonly TenantField[] = [
  { name: 'running', label: 'Jobs that run at once', unit: '', factor: 1 },
  { name: 'queued', label: 'Jobs that wait', unit: '', factor: 1 },
  { name: 'submitsPerMinute', label: 'Submissions in a minute', unit: '', factor: 1 },
  { name: 'sandboxes', label: 'Sandboxes at once', unit: '', factor: 1 },
  { name: 'files', label: 'Files kept', unit: '', factor: 1 },
  { name: 'fileBytes', label: 'Files kept, size', unit: 'MiB', factor: MIB },
]

export const LIMIT_FIELDS: readonly TenantField[] = [
  { name: 'wallMs', label: 'Time', unit: 's', factor: 1_000 },
  { name: 'cpuMs', label: 'Processor time', unit: 's', factor: 1_000 },
  { name: 'memoryBytes', label: 'Memory', unit: 'MiB', factor: MIB },
  { name: 'outputBytes', label: 'Output', unit: 'MiB', factor: MIB },
  { name: 'processes', label: 'Processes', unit: '', factor: 1 },
  { name: 'diskBytes', label: 'Disk', unit: 'MiB', factor: MIB },
]

/** What is typed in each field. Empty: the bound of the deployment. */
export type TenantTexts = Readonly<Record<TenantField['name'], string>>

const valueIn = (limits: TenantLimits, name: TenantField['name']): number | null => {
  switch (name) {
    case 'running':
    case 'queued':
    case 'submitsPerMinute':
    case 'sandboxes':
    case 'files':
    case 'fileBytes':
      return limits[name]
    default:
      return limits.limits[name] ?? null
  }
}

export const toTexts = (limits: TenantLimits): TenantTexts => {
  const text = (name: TenantField['name']): string => {
    const field = [...BOUND_FIELDS, ...LIMIT_FIELDS].find((one) => one.name === name)
    const value = valueIn(limits, name)
    return value === null || field === undefined ? '' : String(value / field.factor)
  }
  return {
    running: text('running'),
    queued: text('queued'),
    submitsPerMinute: text('submitsPerMinute'),
    sandboxes: text('sandboxes'),
    files: text('files'),
    fileBytes: text('fileBytes'),
    wallMs: text('wallMs'),
    cpuMs: text('cpuMs'),
    memoryBytes: text('memoryBytes'),
    outputBytes: text('outputBytes'),
    processes: text('processes'),
    diskBytes: text('diskBytes'),
  }
}

/** Why the text of a field cannot be used; undefined if it can. */
export const findFault = ({ unit, factor }: TenantField, text: string): string | undefined => {
  if (text.trim() === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) return 'A number above 0, or nothing'
  if (Number.isInteger(value * factor)) return undefined
  return factor === 1 ? 'A whole number' : `Fewer digits: ${unit} with at most three decimals`
}

/** The limits to send. The texts must be free of faults. Those of its sandboxes have no field here, so they are kept. */
export const toLimits = (
  texts: TenantTexts,
  languages: readonly string[] | null,
  { sandboxLimits }: Pick<TenantLimits, 'sandboxLimits'>,
): TenantLimits => {
  const read = ({ name, factor }: TenantField): number | null =>
    texts[name].trim() === '' ? null : Math.round(Number(texts[name]) * factor)
  const [running = null, queued = null, submitsPerMinute = null, sandboxes = null, files = null, fileBytes = null] =
    BOUND_FIELDS.map(read)
  const limits = Object.fromEntries(
    LIMIT_FIELDS.flatMap((field) => {
      const value = read(field)
      return value === null ? [] : [[field.name, value]]
    }),
  )
  return {
    running,
    queued,
    submitsPerMinute,
    limits,
    files,
    fileBytes,
    sandboxes,
    sandboxLimits,
    languages: languages === null ? null : [...languages],
  }
}
