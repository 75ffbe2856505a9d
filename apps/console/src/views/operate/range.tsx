import type { ReactElement } from 'react'
import { Chip } from '../../parts/chip.tsx'
import styles from './operate.module.css'

const RANGES = ['1 h', '6 h', '24 h'] as const
/** How far back the plots look. */
export type Range = (typeof RANGES)[number]
export const DEFAULT_RANGE: Range = '24 h'

export const RangeChoice = ({
  range,
  onChange,
}: {
  readonly range: Range
  readonly onChange: (range: Range) => void
}): ReactElement => (
  <fieldset className={styles.ranges} aria-label="How far back">
    {RANGES.map((one) => (
      <Chip key={one} pressed={one === range} onClick={() => onChange(one)}>
        {one}
      </Chip>
    ))}
  </fieldset>
)
