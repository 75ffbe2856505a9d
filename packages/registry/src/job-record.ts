import type { JobEnd, QueuedJob, SandboxRun } from '@runnel/contract/internal'
import {
  extractedSchema,
  LIMIT_NAMES,
  type Limits,
  limitsSchema,
  outcomeSchema,
  usageSchema,
} from '@runnel/contract/public'
import { z } from 'zod'
import { toFirstLine } from './first-line.ts'

/** What the history keeps of a job: what a list shows and searches. */
export interface JobRecord extends Pick<QueuedJob, 'id' | 'tenantId' | 'submittedAt' | 'extracted' | 'limits'> {
  readonly language: string
  readonly firstLine: string
  /** The key that submitted it. null: there were no keys, or an older version accepted the job. */
  readonly keyId: string | null
  /** The sandbox in which it is a command. Absent for a job. */
  readonly sandboxId?: string
  /** Absent until the job has ended. */
  readonly end?: JobEnd
}

export const toRecord = (job: QueuedJob | SandboxRun): JobRecord => {
  const { id, tenantId, submittedAt, program, extracted, limits, keyId } = job
  return {
    id,
    tenantId,
    submittedAt,
    language: program.language,
    firstLine: toFirstLine(program),
    keyId: keyId ?? null,
    limits,
    ...(extracted === undefined ? {} : { extracted }),
    ...('sandboxId' in job ? { sandboxId: job.sandboxId } : {}),
  }
}

/**
 * How a record is written in Redis. There is one for every job, so it is short: times are milliseconds since 1970, limits are
 * a list in the order of LIMIT_NAMES, and the id is only in the name of the key.
 */
const storedSchema = z.object({
  tenant: z.string(),
  language: z.string(),
  line: z.string(),
  key: z.string().optional(),
  at: z.int(),
  limits: z.array(z.int()),
  extracted: extractedSchema.optional(),
  sandbox: z.string().optional(),
  end: z
    .object({
      attempt: z.int(),
      started: z.int().optional(),
      finished: z.int(),
      outcome: outcomeSchema,
      usage: usageSchema.nullable(),
    })
    .optional(),
})
type Stored = z.infer<typeof storedSchema>

const toStoredEnd = ({ attempt, startedAt, finishedAt, outcome, usage }: JobEnd): Stored['end'] => ({
  attempt,
  ...(startedAt === undefined ? {} : { started: Date.parse(startedAt) }),
  finished: Date.parse(finishedAt),
  outcome,
  usage,
})

export const writeRecord = ({
  tenantId,
  language,
  firstLine,
  keyId,
  submittedAt,
  limits,
  extracted,
  sandboxId,
  end,
}: JobRecord) => {
  const stored: Stored = {
    tenant: tenantId,
    language,
    line: firstLine,
    ...(keyId === null ? {} : { key: keyId }),
    at: Date.parse(submittedAt),
    limits: LIMIT_NAMES.map((name) => limits[name]),
    ...(extracted === undefined ? {} : { extracted }),
    ...(sandboxId === undefined ? {} : { sandbox: sandboxId }),
    ...(end === undefined ? {} : { end: toStoredEnd(end) }),
  }
  return JSON.stringify(stored)
}

const toTime = (ms: number): string => new Date(ms).toISOString()

/** Throws if it is not in order: then the record was not written by us. */
const toLimits = (values: readonly number[]): Limits =>
  limitsSchema.parse(Object.fromEntries(LIMIT_NAMES.map((name, at) => [name, values[at]])))

const toEnd = ({ attempt, started, finished, outcome, usage }: NonNullable<Stored['end']>): JobEnd => ({
  attempt,
  ...(started === undefined ? {} : { startedAt: toTime(started) }),
  finishedAt: toTime(finished),
  outcome,
  usage,
})

export const readRecord = (id: string, json: string): JobRecord => {
  const { tenant, language, line, key, at, limits, extracted, sandbox, end } = storedSchema.parse(JSON.parse(json))
  return {
    id,
    tenantId: tenant,
    submittedAt: toTime(at),
    language,
    firstLine: line,
    keyId: key ?? null,
    limits: toLimits(limits),
    ...(extracted === undefined ? {} : { extracted }),
    ...(sandbox === undefined ? {} : { sandboxId: sandbox }),
    ...(end === undefined ? {} : { end: toEnd(end) }),
  }
}

/**
 * A test of stored records: whether the first line has this text, in upper or lower case. A search tests thousands, and few pass.
 * So the JSON is searched as it stands first, for the text as JSON writes it; only a record that has it somewhere is read.
 */
export const createLineTest = (text: string): ((json: string) => boolean) => {
  const wanted = text.toLowerCase()
  const written = JSON.stringify(text).slice(1, -1).toLowerCase()
  return (json) =>
    json.toLowerCase().includes(written) && storedSchema.parse(JSON.parse(json)).line.toLowerCase().includes(wanted)
}
