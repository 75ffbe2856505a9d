import { type KeyboardEvent, type PointerEvent, type ReactElement, type ReactNode, useRef, useState } from 'react'
import styles from './split.module.css'

const KEPT_AS = 'runnel.split'
const FIRST = 55
const LEAST = 20
const MOST = 80

const load = (): number => {
  try {
    const kept = Number(localStorage.getItem(KEPT_AS))
    return kept >= LEAST && kept <= MOST ? kept : FIRST
  } catch {
    return FIRST
  }
}

/** Two panes with a line between them that can be moved, by pointer and by arrow keys. Where it is, is remembered. */
export const Split = ({ first, second }: { readonly first: ReactNode; readonly second: ReactNode }): ReactElement => {
  const [percent, setPercent] = useState(load)
  const element = useRef<HTMLDivElement>(null)
  const isBeside = (): boolean => window.matchMedia('(min-width: 1100px)').matches

  const move = (next: number): void => {
    const bounded = Math.round(Math.min(MOST, Math.max(LEAST, next)) * 10) / 10
    setPercent(bounded)
    try {
      localStorage.setItem(KEPT_AS, String(bounded))
    } catch {
      // It is remembered as long as the page is there.
    }
  }
  const follow = (event: PointerEvent<HTMLElement>): void => {
    const box = element.current?.getBoundingClientRect()
    if (box === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return
    move(100 * (isBeside() ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height))
  }
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -2, ArrowUp: -2, ArrowRight: 2, ArrowDown: 2 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    move(percent + by)
  }
  return (
    <div ref={element} className={styles.split} style={{ '--first': `${percent}%` }}>
      <div className={styles.first}>{first}</div>
      {/* biome-ignore lint/a11y/useSemanticElements: <hr> cannot be moved */}
      <div
        className={styles.handle}
        role="separator"
        tabIndex={0}
        aria-label="Size of the program"
        aria-valuenow={Math.round(percent)}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={follow}
        onKeyDown={step}
        onDoubleClick={() => move(FIRST)}
      />
      <div className={styles.second}>{second}</div>
    </div>
  )
}
