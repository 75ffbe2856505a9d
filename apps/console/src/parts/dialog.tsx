import { X } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useId, useRef } from 'react'
import { IconButton } from './button.tsx'
import styles from './dialog.module.css'

export interface DialogProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** The browser's own dialog: it holds the focus, Esc closes it, and the focus returns to where it was. */
export const Dialog = ({ title, isOpen, onClose, children }: DialogProps): ReactElement => {
  const element = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = element.current
    if (isOpen && dialog?.open === false) dialog.showModal()
    if (!isOpen) dialog?.close()
  }, [isOpen])
  return (
    <dialog
      ref={element}
      className={styles.dialog}
      aria-labelledby={titleId}
      closedby="any"
      onClose={() => {
        if (isOpen) onClose()
      }}
    >
      {isOpen && (
        <>
          <header className={styles.header}>
            <h2 id={titleId}>{title}</h2>
            <IconButton label="Close" onClick={onClose}>
              <X size={16} />
            </IconButton>
          </header>
          <div className={styles.content}>{children}</div>
        </>
      )}
    </dialog>
  )
}
