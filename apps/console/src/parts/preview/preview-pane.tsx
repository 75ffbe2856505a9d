import { ExternalLink, List, RotateCw, Smartphone } from 'lucide-react'
import { type ReactElement, useCallback, useEffect, useRef, useState } from 'react'
import { Button, IconButton } from '../button.tsx'
import { Chip } from '../chip.tsx'
import { classes } from '../classes.ts'
import { Failed, Loading, sayError } from '../notice.tsx'
import { makeLink, openInTab, type PreviewLink } from './preview-calls.ts'
import styles from './preview-pane.module.css'
import { RequestList } from './request-list.tsx'
import { useKeepFocus } from './use-keep-focus.ts'

/** The page in the frame has an origin of its own: with that, it may have its cookies and storage and touch nothing of ours. */
const FRAME = 'allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads'

/** So long the cookie of an opened preview is good. */
const COOKIE_MS = 24 * 60 * 60 * 1_000

export interface PreviewPaneProps {
  readonly sandboxId: string
  /** What it listens on, at least one. */
  readonly ports: readonly number[]
}

interface Shown {
  readonly link: PreviewLink
  readonly sandboxId: string
  readonly port: number
}

const originOf = (url: string): string => new URL(url).host

/** What programs in a sandbox serve, in a frame: one port at a time. */
export const PreviewPane = ({ sandboxId, ports }: PreviewPaneProps): ReactElement => {
  const frame = useRef<HTMLIFrameElement>(null)
  const [chosen, setChosen] = useState<number>()
  const [shown, setShown] = useState<Shown>()
  const [error, setError] = useState<unknown>()
  const [tabError, setTabError] = useState<unknown>()
  const [isExpired, setExpired] = useState(false)
  const [isPhone, setPhone] = useState(false)
  const [hasRequests, setRequests] = useState(false)
  const [made, setMade] = useState(0)
  const { hasFocus, noteStart, noteLoad } = useKeepFocus(frame)
  const port = chosen !== undefined && ports.includes(chosen) ? chosen : ports[0]
  const isShown = shown !== undefined && shown.port === port && shown.sandboxId === sandboxId

  useEffect(() => {
    if (port === undefined) return undefined
    const stopped = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    makeLink(sandboxId, port, stopped.signal).then(
      (link) => {
        noteStart()
        setShown({ link, sandboxId, port })
        setError(undefined)
        setExpired(false)
        if (link.expiresAt !== null) timer = setTimeout(() => setExpired(true), COOKIE_MS)
      },
      (failure: unknown) => {
        if (!stopped.signal.aborted) setError(failure)
      },
    )
    return () => {
      stopped.abort()
      clearTimeout(timer)
    }
  }, [sandboxId, port, made, noteStart])

  const reload = useCallback((): void => setMade((count) => count + 1), [])
  const openTab = (): void => {
    setTabError(undefined)
    if (port !== undefined) openInTab(sandboxId, port).catch(setTabError)
  }
  return (
    <section className={styles.pane} aria-label="Preview">
      <div className={styles.tools}>
        {ports.length > 1 ? (
          // biome-ignore lint/a11y/useSemanticElements: chips, not a set of fields
          <span role="group" aria-label="Port" className={styles.ports}>
            {ports.map((one) => (
              <Chip key={one} pressed={one === port} onClick={() => setChosen(one)}>
                {one}
              </Chip>
            ))}
          </span>
        ) : null}
        <code className={styles.address}>{isShown ? originOf(shown.link.url) : ''}</code>
        {hasFocus && <span className={styles.keys}>Keys go to the preview</span>}
        <span className={styles.acts}>
          <IconButton label="Reload the preview" onClick={reload}>
            <RotateCw size={16} />
          </IconButton>
          <IconButton label="Width of a phone" aria-pressed={isPhone} onClick={() => setPhone(!isPhone)}>
            <Smartphone size={16} />
          </IconButton>
          <IconButton label="Requests" aria-pressed={hasRequests} onClick={() => setRequests(!hasRequests)}>
            <List size={16} />
          </IconButton>
          <IconButton label="Open in a new tab" onClick={openTab}>
            <ExternalLink size={16} />
          </IconButton>
        </span>
      </div>
      {tabError !== undefined && (
        <p className={styles.fault} role="alert">
          {sayError(tabError)}
        </p>
      )}
      {isExpired && (
        <p className={styles.fault} role="alert">
          The link of this preview has expired.
          <Button onClick={reload}>Get a new one</Button>
        </p>
      )}
      {error !== undefined && <Failed what="The preview could not be opened" error={error} retry={reload} />}
      {error === undefined && !isShown && <Loading what="Opening the preview…" />}
      {error === undefined && isShown && (
        <div className={classes(styles.stage, isPhone && styles.phone)}>
          {/* A new link is a new frame: the history of the page is not the frame's. */}
          <iframe
            key={shown.link.url}
            ref={frame}
            className={styles.frame}
            title={`Preview of port ${port}`}
            src={shown.link.url}
            onLoad={noteLoad}
            sandbox={FRAME}
            referrerPolicy="no-referrer"
          />
        </div>
      )}
      {hasRequests && port !== undefined && <RequestList sandboxId={sandboxId} port={port} />}
    </section>
  )
}
