import type { ReactElement } from 'react'
import { Chip } from '../parts/chip.tsx'
import { chooseTheme, type ThemeChoice, useThemeChoice } from './theme.ts'
import styles from './theme-choices.module.css'

const CHOICES = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const satisfies readonly (readonly [ThemeChoice, string])[]

export const ThemeChoices = (): ReactElement => {
  const chosen = useThemeChoice()
  return (
    // biome-ignore lint/a11y/useSemanticElements: chips, not a set of fields
    <div className={styles.choices} role="group" aria-label="Theme">
      {CHOICES.map(([choice, label]) => (
        <Chip key={choice} pressed={choice === chosen} onClick={() => chooseTheme(choice)}>
          {label}
        </Chip>
      ))}
    </div>
  )
}
