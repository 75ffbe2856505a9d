import type { Job, JobProgram } from '@runnel/client'
import { formatMeasured, formatSet } from '@runnel/client/run-state'
import { formatBytes, formatMoment } from '../../parts/format.ts'
import { toRunTimes } from '../history/run-times.ts'

/** A fact of two runs, in words. */
export interface Fact {
  readonly label: string
  readonly a: string
  readonly b: string
  readonly isDifferent: boolean
}

/** What is known of a run. The program is no longer there when the job was kept longer than its program. */
export interface ComparedRun {
  readonly job: Job
  readonly program: JobProgram | undefined
}

const NONE = '–'

const LIMIT_LABELS = {
  wallMs: 'Time limit',
  cpuMs: 'Processor limit',
  memoryBytes: 'Memory limit',
  outputBytes: 'Output limit',
  processes: 'Processes',
  diskBytes: 'Disk limit',
} as const

const sayLimit = (name: keyof typeof LIMIT_LABELS, value: number): string => {
  if (name.endsWith('Ms')) return formatSet(value)
  return name.endsWith('Bytes') ? formatBytes(value) : String(value)
}

const sayArgs = (args: readonly string[] | undefined): string =>
  args === undefined || args.length === 0
    ? NONE
    : args.map((arg) => (/[\s"]/.test(arg) ? JSON.stringify(arg) : arg)).join(' ')

const sayInput = (stdin: string | undefined): string => {
  if (stdin === undefined || stdin === '') return NONE
  const lines = stdin.replace(/\n$/, '').split('\n').length
  return `${lines} ${lines === 1 ? 'line' : 'lines'}, ${formatBytes(new TextEncoder().encode(stdin).length)}`
}

/** Two runs as a table. The times differ between any two runs, so only what was chosen or came out is called different. */
export const toFacts = (a: ComparedRun, b: ComparedRun, nowMs: number): readonly Fact[] => {
  const fact = (label: string, say: (run: ComparedRun) => string, canDiffer = true): Fact => {
    const [left, right] = [say(a), say(b)]
    return { label, a: left, b: right, isDifferent: canDiffer && left !== right }
  }
  const measured = (label: string, say: (run: ComparedRun) => string): Fact => fact(label, say, false)
  const limits = (Object.keys(LIMIT_LABELS) as (keyof typeof LIMIT_LABELS)[]).map((name) =>
    fact(LIMIT_LABELS[name], ({ job }) => sayLimit(name, job.limits[name])),
  )
  return [
    fact('Language', ({ job }) => job.language),
    measured('Submitted', ({ job }) => formatMoment(new Date(job.submittedAt))),
    measured('Waited', ({ job }) => formatMeasured(toRunTimes(job, nowMs).waitedMs)),
    measured('Ran', ({ job }) => (job.startedAt === undefined ? NONE : formatMeasured(toRunTimes(job, nowMs).ranMs))),
    measured('Processor time', ({ job }) =>
      typeof job.usage?.cpuMs === 'number' ? formatMeasured(job.usage.cpuMs) : NONE,
    ),
    measured('Peak memory', ({ job }) =>
      typeof job.usage?.peakMemoryBytes === 'number' ? formatBytes(job.usage.peakMemoryBytes) : NONE,
    ),
    fact('Tries', ({ job }) => String(job.attempt)),
    fact('Arguments', ({ program }) => sayArgs(program?.args)),
    fact('Input', ({ program }) => sayInput(program?.stdin)),
    fact('Environment', ({ program }) => program?.envNames.join(', ') || NONE),
    ...limits,
  ]
}
