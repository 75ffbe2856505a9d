import { createDraft, createFile, type Draft, type DraftFile, type DraftLimits, NO_LIMITS } from './draft.ts'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise)

const readFile = (value: unknown): DraftFile[] => {
  if (!isRecord(value) || typeof value['path'] !== 'string' || typeof value['content'] !== 'string') return []
  const file = createFile(value['path'], value['content'], value['encoding'] === 'base64' ? 'base64' : 'utf8')
  return [typeof value['id'] === 'string' ? { ...file, id: value['id'] } : file]
}

const readLimits = (value: unknown): DraftLimits => {
  if (!isRecord(value)) return NO_LIMITS
  return {
    wallSeconds: textOf(value['wallSeconds']),
    cpuSeconds: textOf(value['cpuSeconds']),
    memoryMiB: textOf(value['memoryMiB']),
    outputMiB: textOf(value['outputMiB']),
    processes: textOf(value['processes']),
    diskMiB: textOf(value['diskMiB']),
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A draft as it was kept, perhaps by an older page: what it does not say is as in a new one. undefined: there is none. */
export const readDraft = (kept: string | null): Draft | undefined => {
  const value = kept === null ? undefined : parse(kept)
  if (!isRecord(value) || !Array.isArray(value['files'])) return undefined
  const [first, ...rest] = value['files'].flatMap(readFile)
  if (first === undefined) return undefined
  const fresh = createDraft([first, ...rest])
  const known = (id: unknown, otherwise: string): string => fresh.files.find((file) => file.id === id)?.id ?? otherwise
  return {
    ...fresh,
    entryId: known(value['entryId'], fresh.entryId),
    openId: known(value['openId'], fresh.openId),
    isNameAutomatic: rest.length === 0 && value['isNameAutomatic'] !== false,
    language: typeof value['language'] === 'string' ? value['language'] : undefined,
    detected: typeof value['detected'] === 'string' ? value['detected'] : undefined,
    stdin: textOf(value['stdin']),
    args: textOf(value['args']),
    env: textOf(value['env']),
    limits: readLimits(value['limits']),
    tty: value['tty'] !== false,
    jobId: typeof value['jobId'] === 'string' ? value['jobId'] : undefined,
  }
}
