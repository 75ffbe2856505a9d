import type { Tone } from '@runnel/client/run-state'
import type { ReactElement } from 'react'
import styles from './state-glyph.module.css'
import { toneColor } from './tone.ts'

/** Each tone has a form of its own, so that colour is never all that tells two apart. */
const FORMS: Readonly<Record<Tone, ReactElement>> = {
  idle: <circle cx="6" cy="6" r="4.25" fill="none" />,
  queued: <circle cx="6" cy="6" r="4.25" fill="none" strokeDasharray="1.7 1.64" />,
  running: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" />
      <path d="M6 1.75a4.25 4.25 0 0 0 0 8.5z" fill="currentColor" stroke="none" />
    </>
  ),
  ok: <circle cx="6" cy="6" r="4.25" fill="currentColor" stroke="none" />,
  failed: <path d="M2.25 2.25l7.5 7.5m0-7.5l-7.5 7.5" fill="none" strokeWidth="2" />,
  limit: <path d="M6 1.25L11.25 10.5H.75z" fill="currentColor" stroke="none" />,
  canceled: <path d="M1.75 6h8.5" fill="none" strokeWidth="2" />,
  ours: <path d="M6 .75L11.25 6 6 11.25.75 6z" fill="currentColor" stroke="none" />,
  lost: <path d="M1.25 6h2.5m1.5 0h1.5m1.5 0h2.5" fill="none" strokeWidth="2" />,
}

/** The sign of a state. Words always stand beside it, so it is hidden from screen readers. */
export const StateGlyph = ({ tone }: { readonly tone: Tone }): ReactElement => (
  <svg
    className={styles.glyph}
    style={{ color: toneColor(tone) }}
    viewBox="0 0 12 12"
    stroke="currentColor"
    strokeWidth="1.5"
    aria-hidden="true"
  >
    {FORMS[tone]}
  </svg>
)
