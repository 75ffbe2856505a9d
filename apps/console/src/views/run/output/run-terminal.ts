import type { FindLinks, Terminal, TerminalSnapshot } from '@runnel/terminal'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { client } from '../../../client.ts'
import { useTheme } from '../../../shell/theme.ts'
import { findPlacesInLine, type Place } from '../errors/find-places.ts'
import type { TerminalView } from './terminal-chunk.ts'

/** The terminal of this page, and the component that shows it. */
export interface RunTerminal {
  readonly core: Terminal
  readonly View: typeof TerminalView
}

let loading: Promise<RunTerminal> | undefined

let openPlace: (place: Place) => void = () => {}

/** Who shows a place of the program when it is pressed in the output. */
export const onPlacePressed = (open: (place: Place) => void): void => {
  openPlace = open
}

/** Places in traces are links to their lines. */
const linksOf: FindLinks = (text) =>
  findPlacesInLine(text).map((place) => {
    const { start, end, file, line } = place
    return { start, end, title: `Go to ${file}:${line}`, act: () => openPlace(place) }
  })

/** There is one terminal: it keeps its run while another view is shown. Its chunk comes after the first view. */
export const loadRunTerminal = (): Promise<RunTerminal> => {
  loading ??= import('./terminal-chunk.ts').then(({ createTerminal, TerminalView: View }) => ({
    core: createTerminal({ client, header: false, linksOf }),
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
