import { MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { PHONE, useMedia } from '../../parts/use-media.ts'
import { editorTheme } from '../run/editor/editor-theme.ts'
import { languageOfPath, loadSyntax } from '../run/editor/syntax.ts'
import styles from './compare.module.css'

/** Long stretches that are the same on both sides are folded. */
const COLLAPSE = { margin: 3, minSize: 6 }
/** Two outputs of a MiB that have nothing in common must not stop the page: after this the difference is only rough. */
const DIFF = { scanLimit: 1_000, timeout: 300 }

/** The library's own colours are as strong as ours, so ours must insist. */
const tint = (token: string, percent: number): string =>
  `color-mix(in srgb, var(${token}) ${percent}%, transparent) !important`

const theme = EditorView.theme({
  '&': { height: 'auto' },
  '.cm-scroller': { overflowX: 'auto' },
  // Faint, so that coloured words on them stay readable. What changed within a line has a line under it as well.
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { background: tint('--failed', 7) },
  '&.cm-merge-b .cm-changedLine, &.cm-merge-b .cm-inlineChangedLine': { background: tint('--ok', 7) },
  '.cm-insertedLine, .cm-deletedLine': { background: 'none !important', textDecoration: 'none' },
  '.cm-deletedChunk': { paddingLeft: '8px' },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText, .cm-deletedText': {
    background: tint('--failed', 6),
    borderBottom: '2px solid var(--failed)',
  },
  '&.cm-merge-b .cm-changedText': { background: tint('--ok', 6), borderBottom: '2px solid var(--ok)' },
  '.cm-changeGutter': { width: '3px', paddingLeft: '0' },
  '&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter': { background: 'var(--failed) !important' },
  '&.cm-merge-b .cm-changedLineGutter': { background: 'var(--ok) !important' },
  '.cm-collapsedLines': {
    padding: '2px 12px',
    color: 'var(--muted)',
    background: 'var(--sunk) !important',
    font: 'var(--label)',
  },
})

const readOnly = (label: string): Extension => [
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  // Without this nobody could scroll it with the keys.
  EditorView.contentAttributes.of({ tabindex: '0', role: 'textbox', 'aria-readonly': 'true', 'aria-label': label }),
  lineNumbers(),
  editorTheme,
  theme,
]

export interface DiffProps {
  /** A file name, or what the text is. A file name also says its language. */
  readonly label: string
  /** undefined: this side has no such text. */
  readonly a: string | undefined
  readonly b: string | undefined
}

const SideBySide = ({ label, a, b }: { readonly label: string; readonly a: string; readonly b: string }) => {
  const host = useRef<HTMLDivElement>(null)
  const isPhone = useMedia(PHONE)
  const [syntax, setSyntax] = useState<readonly [Extension, Extension]>()
  useEffect(() => {
    let isCurrent = true
    const [left = label, right = label] = label.split(' → ')
    void Promise.all([loadSyntax(languageOfPath(left)), loadSyntax(languageOfPath(right))]).then((loaded) => {
      if (isCurrent) setSyntax(loaded)
    })
    return () => {
      isCurrent = false
    }
  }, [label])
  useEffect(() => {
    if (host.current === null || syntax === undefined) return
    const [syntaxA, syntaxB] = syntax
    const parent = host.current
    const view = isPhone
      ? new EditorView({
          parent,
          doc: b,
          extensions: [
            readOnly(`${label}, both runs`),
            syntaxB,
            unifiedMergeView({
              original: a,
              mergeControls: false,
              collapseUnchanged: COLLAPSE,
              diffConfig: DIFF,
              gutter: true,
            }),
          ],
        })
      : new MergeView({
          parent,
          a: { doc: a, extensions: [readOnly(`${label} of run A`), syntaxA] },
          b: { doc: b, extensions: [readOnly(`${label} of run B`), syntaxB] },
          collapseUnchanged: COLLAPSE,
          diffConfig: DIFF,
          gutter: true,
        })
    return () => view.destroy()
  }, [a, b, label, isPhone, syntax])
  return <div ref={host} className={styles.diff} />
}

/** What differs between two texts. If nothing does, a sentence and the text once. */
export const Diff = ({ label, a, b }: DiffProps): ReactElement => {
  if (a === b)
    return a === undefined || a === '' ? (
      <p className={styles.note}>Both are empty.</p>
    ) : (
      <>
        <p className={styles.note}>Both are the same.</p>
        {/** biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keys must reach it */}
        <pre className={styles.same} tabIndex={0}>
          {a}
        </pre>
      </>
    )
  return (
    <>
      {(a === undefined || b === undefined) && (
        <p className={styles.note}>Only run {a === undefined ? 'B' : 'A'} has this file.</p>
      )}
      <SideBySide label={label} a={a ?? ''} b={b ?? ''} />
    </>
  )
}
