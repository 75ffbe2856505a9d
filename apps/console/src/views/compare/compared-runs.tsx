import type { Chunk } from '@runnel/client'
import { formatMeasured } from '@runnel/client/run-state'
import { type ReactElement, useState } from 'react'
import { Link } from 'wouter'
import { Chip } from '../../parts/chip.tsx'
import { classes } from '../../parts/classes.ts'
import { RelativeTime } from '../../parts/relative-time.tsx'
import { RunLine } from '../../parts/run-line.tsx'
import { SpokenOnly } from '../../parts/spoken-only.tsx'
import { StateGlyph } from '../../parts/state-glyph.tsx'
import { useNow } from '../../parts/use-now.ts'
import { describeListed } from '../history/history-row.tsx'
import { toRunTimes } from '../history/run-times.ts'
import styles from './compare.module.css'
import { Diff } from './diff.tsx'
import { type ComparedRun, toFacts } from './facts.ts'
import { toFilePairs } from './files.ts'

const toText = (chunk: Chunk): string => {
  if (chunk.encoding === 'utf8') return chunk.data
  const bytes = Uint8Array.from(atob(chunk.data), (character) => character.charCodeAt(0))
  return new TextDecoder().decode(bytes)
}

const sayOutput = ({ job }: ComparedRun, stream: 'stdout' | 'stderr'): string =>
  job.output === undefined ? '' : toText(job.output[stream])

const RunHead = ({
  name,
  run,
  scaleMs,
  nowMs,
}: {
  readonly name: 'A' | 'B'
  readonly run: ComparedRun
  readonly scaleMs: number
  readonly nowMs: number
}): ReactElement => {
  const { job } = run
  const { tone, sentence } = describeListed(job, nowMs)
  return (
    <div className={styles.run}>
      <Link href={`/r/${job.id}`} className={styles.name} aria-label={`Open run ${name}`}>
        {name}
      </Link>
      <StateGlyph tone={tone} />
      <span className={styles.sentence}>{sentence}</span>
      <span className={styles.when}>
        <RelativeTime at={job.submittedAt} />
      </span>
      <span className={styles.line}>
        <RunLine {...toRunTimes(job, nowMs)} scaleMs={scaleMs} tone={tone} isMoving={job.status === 'running'} />
      </span>
    </div>
  )
}

/** The two lines above each other, the facts, the programs and what they printed. */
export const ComparedRuns = ({ a, b }: { readonly a: ComparedRun; readonly b: ComparedRun }): ReactElement => {
  const nowMs = useNow(a.job.status !== 'finished' || b.job.status !== 'finished', 1_000)
  const pairs = toFilePairs(a.program, b.program)
  const [shown, show] = useState(0)
  const pair = pairs[shown] ?? pairs[0]
  const totals = [a, b].map(({ job }) => toRunTimes(job, nowMs)).map(({ waitedMs, ranMs }) => waitedMs + ranMs)
  const scaleMs = Math.max(1, ...totals)
  const isCut = [a, b].some(({ job }) => job.output?.truncated)
  return (
    <>
      <div className={styles.runs}>
        <RunHead name="A" run={a} scaleMs={scaleMs} nowMs={nowMs} />
        <RunHead name="B" run={b} scaleMs={scaleMs} nowMs={nowMs} />
        <p className={styles.scale}>
          <span>0</span>
          <span>{formatMeasured(scaleMs)}</span>
        </p>
      </div>

      <section className={styles.part} aria-labelledby="compare-code">
        <h2 id="compare-code">Program</h2>
        {pairs.length > 1 && (
          <div className={styles.files}>
            {pairs.map(({ name, a: left, b: right }, index) => (
              <Chip key={name} pressed={index === shown} onClick={() => show(index)}>
                {name}
                {left !== right && <span className={styles.changed}> changed</span>}
              </Chip>
            ))}
          </div>
        )}
        {pair === undefined ? (
          <p className={styles.note}>The programs are no longer kept.</p>
        ) : (
          <Diff key={pair.name} label={pair.name} a={pair.a} b={pair.b} />
        )}
      </section>

      <section className={styles.part} aria-labelledby="compare-output">
        <h2 id="compare-output">Output</h2>
        <Diff label="Output" a={sayOutput(a, 'stdout')} b={sayOutput(b, 'stdout')} />
        {isCut && (
          <p className={styles.note}>Only the first MiB of each stream is compared. The runs have all of it.</p>
        )}
      </section>

      {(sayOutput(a, 'stderr') !== '' || sayOutput(b, 'stderr') !== '') && (
        <section className={styles.part} aria-labelledby="compare-errors">
          <h2 id="compare-errors">Error output</h2>
          <Diff label="Error output" a={sayOutput(a, 'stderr')} b={sayOutput(b, 'stderr')} />
        </section>
      )}

      <section className={styles.part} aria-labelledby="compare-facts">
        <h2 id="compare-facts">Facts</h2>
        <table className={styles.facts}>
          <thead>
            <tr>
              <th scope="col">
                <SpokenOnly>Fact</SpokenOnly>
              </th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {toFacts(a, b, nowMs).map(({ label, a: left, b: right, isDifferent }) => (
              <tr key={label} className={classes(isDifferent && styles.different)}>
                <th scope="row">{label}</th>
                <td>{left}</td>
                <td>
                  {right}
                  {isDifferent && <SpokenOnly> (different)</SpokenOnly>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}
