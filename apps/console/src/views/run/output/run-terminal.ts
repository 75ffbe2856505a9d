import type { Terminal, TerminalSnapshot } from '@runnel/terminal'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { client } from '../../../client.ts'
import { useTheme } from '../../../shell/theme.ts'
import type { TerminalView } from './terminal-chunk.ts'

/** The terminal of this page, and the component that shows it. */
export interface RunTerminal {
  readonly core: Terminal
  readonly View: typeof TerminalView
}

let loading: Promise<RunTerminal> | undefined

/** There is one terminal: it keeps its run while another view is shown. Its chunk comes after the first view. */
export const loadRunTerminal = (): Promise<RunTerminal> => {
  loading ??= import('./terminal-chunk.ts').then(({ createTerminal, TerminalView: View }) => ({
    core: createTerminal({ client, header: false }),
    View,
  }))
  // Without a network it is asked for again the next time.
  loading.catch(() => {
    loading = undefined
  })
  return loading
}

/** The terminal, once it is there; its chunk is asked for at once. */
export const useRunTerminal = (): { readonly terminal: RunTerminal | undefined; readonly error: unknown } => {
  const [found, setFound] = useState<{ readonly terminal: RunTerminal | undefined; readonly error: unknown }>({
    terminal: undefined,
    error: undefined,
  })
  const theme = useTheme()
  useEffect(() => {
    loadRunTerminal().then(
      (terminal) => setFound({ terminal, error: undefined }),
      (error: unknown) => setFound({ terminal: undefined, error }),
    )
  }, [])
  useEffect(() => found.terminal?.core.setTheme(theme), [found.terminal, theme])
  return found
}

const nothing = (): (() => void) => () => {}

/** What the terminal knows of its run; undefined until there is a terminal. */
export const useRunSnapshot = (terminal: RunTerminal | undefined): TerminalSnapshot | undefined =>
  useSyncExternalStore(terminal?.core.subscribe ?? nothing, () => terminal?.core.snapshot)
