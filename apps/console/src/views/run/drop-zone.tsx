import { type DragEvent, type ReactElement, type ReactNode, useState } from 'react'
import styles from './drop-zone.module.css'

const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files')

/** Takes files that are dropped anywhere on it, before the editor would insert their text. */
export const DropZone = ({
  isOff,
  onDrop,
  children,
}: {
  readonly isOff: boolean
  readonly onDrop: (items: DataTransferItemList) => void
  readonly children: ReactNode
}): ReactElement => {
  const [isOver, setOver] = useState(false)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are added by a button as well
    <div
      className={styles.zone}
      onDragOverCapture={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        event.stopPropagation()
        setOver(true)
      }}
      onDragLeave={(event) => {
        const { relatedTarget } = event
        if (!(relatedTarget instanceof Node) || !event.currentTarget.contains(relatedTarget)) setOver(false)
      }}
      onDropCapture={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        event.stopPropagation()
        setOver(false)
        if (!isOff) onDrop(event.dataTransfer.items)
      }}
    >
      {children}
      {isOver && (
        <p className={styles.over}>
          {isOff ? 'This program cannot be changed. Edit a copy first.' : 'Drop to add to the program'}
        </p>
      )}
    </div>
  )
}
