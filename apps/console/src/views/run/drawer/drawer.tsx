import type { ReactElement } from 'react'
import { moveByArrows } from '../../../parts/arrow-keys.ts'
import { Button } from '../../../parts/button.tsx'
import { classes } from '../../../parts/classes.ts'
import { formatCount } from '../../../parts/format.ts'
import type { Draft } from '../draft/draft.ts'
import { USUAL_LIMITS } from '../draft/program-bounds.ts'
import { type DrawerPart, LIMIT_FIELDS, LIMIT_KEYS, readArgs, readEnv } from '../draft/to-submission.ts'
import styles from './drawer.module.css'
import { LimitsPart } from './limits-part.tsx'
import { TextPart } from './text-part.tsx'

export interface DrawerProps {
  readonly draft: Draft
  readonly isReadOnly: boolean
  /** The part that is open. */
  readonly part: DrawerPart | undefined
  /** The focus goes to where one types in the open part. */
  readonly takesFocus: boolean
  readonly onPart: (part: DrawerPart | undefined) => void
  readonly onChange: (change: (draft: Draft) => Draft) => void
}

const lineCount = (text: string): number => text.replace(/\n$/, '').split('\n').length

/** What is set, in short; '' if nothing is. */
const VALUES: Readonly<Record<DrawerPart, (draft: Draft) => string>> = {
  input: ({ stdin }) => (stdin === '' ? '' : formatCount(lineCount(stdin), 'line')),
  arguments: ({ args }) => {
    const { length } = readArgs(args)
    return length === 0 ? '' : String(length)
  },
  environment: ({ env }) => {
    const read = readEnv(env)
    if ('fault' in read) return '!'
    const { length } = Object.keys(read.env)
    return length === 0 ? '' : String(length)
  },
  limits: ({ limits }) =>
    LIMIT_KEYS.filter((key) => !['', USUAL_LIMITS[key]].includes(limits[key].trim()))
      .map((key) => {
        const { label, unit } = LIMIT_FIELDS[key]
        return unit === '' ? `${limits[key]} ${label.toLowerCase()}` : `${limits[key]} ${unit}`
      })
      .join(', '),
}

const PARTS = [
  ['input', 'Input'],
  ['arguments', 'Arguments'],
  ['environment', 'Environment'],
  ['limits', 'Limits'],
] as const satisfies readonly (readonly [DrawerPart, string])[]

/** How the program is run. What is set is seen without opening anything. */
export const Drawer = ({ draft, isReadOnly, part, takesFocus, onPart, onChange }: DrawerProps): ReactElement => {
  const content = (): ReactElement | undefined => {
    switch (part) {
      case 'input':
        return (
          <TextPart
            key="Input"
            label="Input"
            hint="The program reads this first. Its input ends there; leave it empty to type while it runs."
            value={draft.stdin}
            isReadOnly={isReadOnly}
            takesFocus={takesFocus}
            onChange={(stdin) => onChange((now) => ({ ...now, stdin }))}
          />
        )
      case 'arguments':
        return (
          <TextPart
            key="Arguments"
            label="Arguments"
            hint="Each line is one argument, with its spaces."
            value={draft.args}
            isReadOnly={isReadOnly}
            takesFocus={takesFocus}
            onChange={(args) => onChange((now) => ({ ...now, args }))}
          />
        )
      case 'environment':
        return (
          <TextPart
            key="Environment"
            label="Environment"
            hint={
              isReadOnly
                ? 'Values are often secrets, so only names are kept with a run.'
                : 'NAME=value, one a line. Who opens the link to a run sees the names alone.'
            }
            value={draft.env}
            isReadOnly={isReadOnly}
            takesFocus={takesFocus}
            onChange={(env) => onChange((now) => ({ ...now, env }))}
          />
        )
      case 'limits':
        return (
          <LimitsPart
            limits={draft.limits}
            isReadOnly={isReadOnly}
            onChange={(limits) => onChange((now) => ({ ...now, limits }))}
          />
        )
      default:
        return undefined
    }
  }
  return (
    <section className={styles.drawer} aria-label="How it runs">
      {/* biome-ignore lint/a11y/useSemanticElements: arrows go through the buttons of this row, and it is no set of fields */}
      <div className={styles.row} role="group" aria-label="Parts" onKeyDown={moveByArrows}>
        {PARTS.map(([name, label]) => {
          const value = VALUES[name](draft)
          return (
            <button
              key={name}
              type="button"
              className={classes(styles.tab, name === part && styles.open)}
              aria-expanded={name === part}
              onClick={() => onPart(name === part ? undefined : name)}
            >
              {label} {value !== '' && <span className={styles.value}>{value}</span>}
            </button>
          )
        })}
      </div>
      {part !== undefined && (
        <div className={styles.content}>
          <header className={styles.header}>
            <h2>{PARTS.find(([name]) => name === part)?.[1]}</h2>
            <Button onClick={() => onPart(undefined)}>Done</Button>
          </header>
          {content()}
        </div>
      )}
    </section>
  )
}
