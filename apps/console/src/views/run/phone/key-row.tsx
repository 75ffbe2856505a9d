import type { ReactElement } from 'react'
import type { EditorHandle } from '../editor/editor.tsx'
import styles from './key-row.module.css'

const SIGNS = ['(', ')', '[', ']', '{', '}', ':', '"', "'", '#', '=', '_'] as const

/** Keys that a phone hides behind others, above its keyboard. They leave the focus, and so the keyboard, where it is. */
export const KeyRow = ({ editor }: { readonly editor: () => EditorHandle | null }): ReactElement => {
  const key = (label: string, name: string, act: (handle: EditorHandle) => void): ReactElement => (
    <button
      key={name}
      type="button"
      className={styles.key}
      aria-label={name}
      tabIndex={-1}
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => {
        const handle = editor()
        if (handle !== null) act(handle)
      }}
    >
      {label}
    </button>
  )
  return (
    // biome-ignore lint/a11y/useSemanticElements: keys, not a set of fields
    <div className={styles.row} role="group" aria-label="Signs">
      {key('Tab', 'Indent', (handle) => handle.indent())}
      {SIGNS.map((sign) => key(sign, sign, (handle) => handle.insert(sign)))}
      {key('←', 'Left', (handle) => handle.move(-1))}
      {key('→', 'Right', (handle) => handle.move(1))}
      {key('↶', 'Undo', (handle) => handle.undo())}
    </div>
  )
}
