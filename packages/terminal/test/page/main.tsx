import { Runnel, type Submission } from '@runnel/client'
import { type Terminal as Core, createTerminal, type TerminalOptions } from '@runnel/terminal'
import { Terminal, TerminalView } from '@runnel/terminal/react'
import '@runnel/terminal/terminal.css'
import regular from '@ibm/plex-mono/fonts/split/woff2/IBMPlexMono-Regular-Latin1.woff2'
import boxes from '@ibm/plex-mono/fonts/split/woff2/IBMPlexMono-Regular-Pi.woff2'
import bold from '@ibm/plex-mono/fonts/split/woff2/IBMPlexMono-SemiBold-Latin1.woff2'
import './page.css'
import { lazy, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

/** What a test wants to see; it stands in the fragment of the page's URL. */
export interface Wanted {
  /** Runs this by the component. */
  readonly code?: string
  readonly language?: string
  readonly submission?: Omit<Submission, 'code' | 'files' | 'language'>
  /** Shows this job by the component. Without both, a terminal of its own is on the page as `window.terminal`. */
  readonly jobId?: string
  /** The example of README.md for React, or for any other page. */
  readonly example?: 'tsx' | 'ts'
  readonly options?: Omit<TerminalOptions, 'client'>
}

declare global {
  interface Window {
    createTerminal: typeof createTerminal
    terminal: Core
    longest: number
    client: Runnel
  }
}

const FONTS = [
  [regular, { weight: '400' }],
  [bold, { weight: '600' }],
  [boxes, { weight: '400', unicodeRange: 'U+2190-21FF, U+2500-259F' }],
] as const
for (const [url, of] of FONTS) document.fonts.add(new FontFace('IBM Plex Mono', `url(${url})`, of))

const client = new Runnel()
const terminal = createTerminal({ client })
Object.assign(window, { terminal, client, createTerminal })

const wanted: Wanted = JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}')

const ReactExample = lazy(async () => ({ default: (await import('virtual:readme.tsx')).Example }))

const App = ({ code, language, submission, jobId, example, options }: Wanted) => {
  if (example !== undefined) return <ReactExample />
  const theme = options?.theme
  if (jobId !== undefined) return <Terminal {...{ client, jobId, theme, options }} className="page" />
  if (code === undefined) return <TerminalView terminal={terminal} className="page" />
  return <Terminal {...{ client, code, language, submission, theme, options }} className="page" />
}

const root = document.getElementById('page')
if (root === null) throw new Error('The page has no element for its content')
if (wanted.example === 'ts') {
  root.remove()
  void import('virtual:readme.ts')
} else {
  createRoot(root).render(
    <StrictMode>
      <App {...wanted} />
    </StrictMode>,
  )
}
