import type { ButtonHTMLAttributes, ReactElement, ReactNode } from 'react'
import styles from './button.module.css'
import { classes } from './classes.ts'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` is filled, one a view. `danger` is for what cannot be taken back. `quiet` has no edge. */
  readonly kind?: 'primary' | 'outline' | 'quiet' | 'danger'
  /** Keys that do the same, shown behind the label. */
  readonly keys?: string
  readonly children: ReactNode
}

export const Button = ({ kind = 'outline', keys, className, children, ...rest }: ButtonProps): ReactElement => (
  <button type="button" {...rest} className={classes(styles.button, styles[kind], className)}>
    {children}
    {keys !== undefined && <kbd className={styles.keys}>{keys}</kbd>}
  </button>
)

/** A button that is an icon. Its label is read out and shown on hover. */
export const IconButton = ({
  label,
  className,
  children,
  ...rest
}: Omit<ButtonProps, 'kind' | 'keys'> & { readonly label: string }): ReactElement => (
  <button type="button" {...rest} aria-label={label} title={label} className={classes(styles.icon, className)}>
    {children}
  </button>
)
