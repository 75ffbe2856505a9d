import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'
/** `system`: as the system says, now and when it changes. */
export type ThemeChoice = Theme | 'system'

const KEPT_AS = 'runnel.theme'
const systemIsDark = window.matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

const readChoice = (): ThemeChoice => {
  try {
    const kept = localStorage.getItem(KEPT_AS)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    // A browser may refuse storage. The choice then lasts as long as the page.
    return 'system'
  }
}

let choice = readChoice()

const currentTheme = (): Theme => {
  if (choice !== 'system') return choice
  return systemIsDark.matches ? 'dark' : 'light'
}

const apply = (): void => {
  document.documentElement.dataset['theme'] = currentTheme()
  for (const tell of listeners) tell()
}

/** Call it before the first paint. */
export const startTheme = (): void => {
  apply()
  systemIsDark.addEventListener('change', apply)
}

export const chooseTheme = (next: ThemeChoice): void => {
  choice = next
  try {
    if (next === 'system') localStorage.removeItem(KEPT_AS)
    else localStorage.setItem(KEPT_AS, next)
  } catch {
    // As above.
  }
  apply()
}

const subscribe = (tell: () => void): (() => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

/** What is shown: `light` or `dark`. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, currentTheme)

/** What was chosen. */
export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribe, () => choice)
