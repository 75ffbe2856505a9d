import { Link2 } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { Button } from '../../../parts/button.tsx'
import { copyText } from '../../../parts/copy-text.ts'
import { useWho } from '../../../session.ts'
import styles from './share.module.css'

/** What became of the press: the link is on the clipboard, or it must be copied by hand. */
export type Shared = { readonly link: string; readonly isCopied: boolean } | { readonly link: undefined }

/** Copies the link of a run. Without a run there is no link. */
export const shareRun = async (jobId: string | undefined): Promise<Shared> => {
  if (jobId === undefined) return { link: undefined }
  const link = `${location.origin}/r/${jobId}`
  return { link, isCopied: await copyText(link) }
}

/** Who can open a link to a run. */
const useWhoCanOpen = (): string => {
  const { caller } = useWho()
  if (caller === undefined) return 'Who may read your runs can open it.'
  if (caller.key === null) return 'Without keys, only people on this machine can open it.'
  return `People who sign in with a key of ${caller.tenant} can open it, nobody else.`
}

export interface ShareProps {
  readonly shared: Shared | undefined
  readonly onShare: () => void
  readonly onClose: () => void
}

/** The button, and under it what was copied and who can open it. */
export const Share = ({ shared, onShare, onClose }: ShareProps): ReactElement => {
  const whoCanOpen = useWhoCanOpen()
  const [element, setElement] = useState<HTMLElement | null>(null)
  useEffect(() => {
    if (shared === undefined) return
    const closeOutside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !element?.contains(event.target)) onClose()
    }
    const closeByKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') onClose()
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('keydown', closeByKey)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('keydown', closeByKey)
    }
  }, [shared, element, onClose])
  return (
    <span className={styles.share} ref={setElement}>
      <Button kind="quiet" onClick={onShare}>
        <Link2 size={16} aria-hidden="true" />
        <span className={styles.word}>Share</span>
      </Button>
      {shared !== undefined && (
        <div className={styles.panel} role="status">
          {shared.link === undefined ? (
            <p>Run the program first. The link leads to its run.</p>
          ) : (
            <>
              <p className={styles.title}>
                {shared.isCopied ? 'Link copied' : 'The browser did not let the page copy. Copy the link yourself:'}
              </p>
              <input
                className={styles.link}
                aria-label="Link to this run"
                readOnly
                value={shared.link}
                ref={(input) => {
                  if (shared.isCopied || input === null) return
                  input.focus()
                  input.select()
                }}
                onFocus={(event) => event.currentTarget.select()}
              />
              <p className={styles.who}>{whoCanOpen} It has the program, its input and its output.</p>
            </>
          )}
        </div>
      )}
    </span>
  )
}
