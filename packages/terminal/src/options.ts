import type { JobEvent, Runnel } from '@runnel/client'
import type { FindLinks } from './page-links.ts'
import type { ThemeName } from './palette.ts'
import type { Stream } from './stderr-marks.ts'

/** Which output is shown. One stream alone is for looking; both together are in the order in which they were printed. */
export type ShownStream = 'both' | Stream

export interface TerminalOptions {
  /** How the API is reached. */
  readonly client: Runnel
  /** Default `system`. */
  readonly theme?: ThemeName | undefined
  /** A CSS list of fonts. Default: IBM Plex Mono, and what the system has. */
  readonly fontFamily?: string | undefined
  /** In CSS pixels. Default 13. */
  readonly fontSize?: number | undefined
  /** Lines kept above the screen. Default 10,000. */
  readonly scrollback?: number | undefined
  /** Default `both`. */
  readonly stream?: ShownStream | undefined
  /**
   * `keys`: one types on the screen. `field`: in a text field below it, which every phone can do. Default: `field` where the
   * pointer is a finger.
   */
  readonly input?: 'keys' | 'field' | undefined
  /** Whether the state and the buttons are shown above the screen. Default true. */
  readonly header?: boolean | undefined
  /** Keys that the page wants although the screen has the focus. Beside them: F6, and Ctrl or ⌘ with Enter, . and `. */
  readonly isPageKey?: ((event: KeyboardEvent) => boolean) | undefined
  /** The page's own links in the output, such as the places that a traceback names. Default: none. */
  readonly linksOf?: FindLinks | undefined
  /** Each event of the job, once for each time that the job is shown, in order. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined
  /** A person pressed Esc twice on the screen of a program with a terminal. The focus is on the terminal's frame then. */
  readonly onLeave?: (() => void) | undefined
}

export const FONT = '"IBM Plex Mono", ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace'
export const FONT_SIZE = 13
export const SCROLLBACK = 10_000
