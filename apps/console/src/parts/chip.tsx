import type { ButtonHTMLAttributes, ReactElement, ReactNode } from 'react'
import styles from './chip.module.css'
import { classes } from './classes.ts'

export interface ChipProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Whether this choice is on. */
  readonly pressed: boolean
  readonly children: ReactNode
}

/** A choice that is on or off, such as a filter. */
export const Chip = ({ pressed, className, children, ...rest }: ChipProps): ReactElement => (
  <button type="button" {...rest} aria-pressed={pressed} className={classes(styles.chip, className)}>
    {children}
  </button>
)
