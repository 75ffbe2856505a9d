import type { ReactElement } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import styles from './key-list.module.css'
import { KEY_GROUPS } from './keys.ts'

export const KeyList = ({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean
  readonly onClose: () => void
}): ReactElement => (
  <Dialog title="Keys" isOpen={isOpen} onClose={onClose}>
    {KEY_GROUPS.map(({ where, keys }) => (
      <section key={where} className={styles.group}>
        <h3>{where}</h3>
        <dl className={styles.keys}>
          {keys.map(([key, act]) => (
            <div key={key} className={styles.row}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{act}</dd>
            </div>
          ))}
        </dl>
      </section>
    ))}
  </Dialog>
)
