import { X } from 'lucide-react'
import type { ReactElement } from 'react'
import { Button, IconButton } from '../../parts/button.tsx'
import styles from './notice-bar.module.css'

/** One thing that happened on the page, in a sentence, and what one can do about it. */
export interface Notice {
  readonly sentence: string
  readonly actions?: readonly { readonly label: string; readonly act: () => void }[]
}

export const NoticeBar = ({
  notice,
  onClose,
}: {
  readonly notice: Notice
  readonly onClose: () => void
}): ReactElement => (
  <div className={styles.bar} role="status">
    <p className={styles.sentence}>{notice.sentence}</p>
    {notice.actions?.map(({ label, act }) => (
      <Button
        key={label}
        kind="quiet"
        onClick={() => {
          onClose()
          act()
        }}
      >
        {label}
      </Button>
    ))}
    <IconButton label="Close" onClick={onClose}>
      <X size={14} />
    </IconButton>
  </div>
)
