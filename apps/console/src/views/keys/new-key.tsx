import { type ReactElement, useRef, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import styles from './keys.module.css'

/** A key that was just made. Nobody can show it again: the system keeps only its hash. */
export const NewKey = ({ text, onDone }: { readonly text: string; readonly onDone: () => void }): ReactElement => {
  const field = useRef<HTMLInputElement>(null)
  const [words, setWords] = useState('')
  const copy = async (): Promise<void> => {
    field.current?.select()
    try {
      await navigator.clipboard.writeText(text)
      setWords('Copied.')
    } catch {
      // Browsers refuse it without https, and where a person said no.
      setWords('The browser does not let this page copy. The key is selected: copy it with the keyboard.')
    }
  }
  return (
    <div className={styles.form}>
      <p>Copy it now. It is shown this once, and nobody can show it again.</p>
      <input
        ref={field}
        readOnly
        aria-label="The key"
        className={styles.secret}
        value={text}
        onFocus={(event) => event.currentTarget.select()}
      />
      <p role="status" className={styles.muted}>
        {words}
      </p>
      <div className={styles.buttons}>
        <Button kind="primary" onClick={() => void copy()}>
          Copy
        </Button>
        <Button onClick={onDone}>I have it</Button>
      </div>
    </div>
  )
}
