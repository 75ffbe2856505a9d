import { indentMore, undo } from '@codemirror/commands'
import { Compartment, EditorState, Transaction } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { type ReactElement, type Ref, useEffect, useImperativeHandle, useRef } from 'react'
import styles from './editor.module.css'
import { editorSetup } from './editor-setup.ts'
import { firstSyntax, loadSyntax } from './syntax.ts'

export interface EditorHandle {
  focus(): void
  /** Puts the caret at the start of this line, counted from 1, and shows it. */
  goTo(line: number): void
  /** Types text where the caret is. */
  insert(text: string): void
  indent(): void
  /** Moves the caret by so many characters. */
  move(by: number): void
  undo(): void
  readonly hasFocus: boolean
}

export interface EditorProps {
  /** Another file has another id, and its own undo. */
  readonly id: string
  readonly content: string
  readonly language: string | undefined
  readonly isReadOnly: boolean
  readonly onChange: (content: string) => void
  /** Text is about to be pasted. true: it is dealt with. */
  readonly onPaste: (text: string, isWhole: boolean) => boolean
  readonly onFocusChange?: (hasFocus: boolean) => void
  readonly ref?: Ref<EditorHandle>
}

const syntax = new Compartment()
const access = new Compartment()

const accessOf = (isReadOnly: boolean) => EditorState.readOnly.of(isReadOnly)

/** CodeMirror in React: one view, and a state for each file that was opened. */
export const Editor = ({
  id,
  content,
  language,
  isReadOnly,
  onChange,
  onPaste,
  onFocusChange,
  ref,
}: EditorProps): ReactElement => {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const states = useRef(new Map<string, EditorState>())
  const shownId = useRef(id)
  const latest = useRef({ content, onChange, onPaste, onFocusChange })
  useEffect(() => {
    latest.current = { content, onChange, onPaste, onFocusChange }
  })

  const createState = (doc: string): EditorState =>
    EditorState.create({
      doc,
      extensions: [
        syntax.of(firstSyntax(language)),
        access.of(accessOf(isReadOnly)),
        editorSetup,
        EditorView.updateListener.of((update) => {
          if (update.focusChanged) latest.current.onFocusChange?.(update.view.hasFocus)
          if (!update.docChanged) return
          const text = update.state.doc.toString()
          if (text === latest.current.content) return
          latest.current.content = text
          latest.current.onChange(text)
        }),
        EditorView.domEventHandlers({
          paste: (event, { state }) => {
            const text = event.clipboardData?.getData('text/plain') ?? ''
            const { from, to } = state.selection.main
            return latest.current.onPaste(text, from === 0 && to === state.doc.length)
          },
        }),
      ],
    })

  // The view is made once; the effects below bring it up to date.
  useEffect(() => {
    if (host.current === null) return
    const made = new EditorView({ state: createState(content), parent: host.current })
    view.current = made
    return () => {
      made.destroy()
      view.current = undefined
    }
  }, [])

  // A file's content is taken when it is opened; what changes later is the next effect's.
  useEffect(() => {
    const shown = view.current
    if (shown === undefined || shownId.current === id) return
    states.current.set(shownId.current, shown.state)
    shownId.current = id
    shown.setState(states.current.get(id) ?? createState(content))
  }, [id])

  useEffect(() => {
    const shown = view.current
    if (shown === undefined || shown.state.doc.toString() === content) return
    // Not typed here, such as a program taken out of a chat answer. It can be undone like anything typed.
    shown.dispatch({
      changes: { from: 0, to: shown.state.doc.length, insert: content },
      annotations: Transaction.userEvent.of('input.replace'),
    })
  }, [content])

  // Each file has its own state, so it is told again when another one is opened.
  useEffect(() => {
    view.current?.dispatch({ effects: access.reconfigure(accessOf(isReadOnly)) })
  }, [id, isReadOnly])

  // Told again when another file is opened, as above.
  useEffect(() => {
    let isCurrent = true
    void loadSyntax(language).then((extension) => {
      if (isCurrent) view.current?.dispatch({ effects: syntax.reconfigure(extension) })
    })
    return () => {
      isCurrent = false
    }
  }, [id, language])

  useImperativeHandle(ref, () => ({
    focus: () => view.current?.focus(),
    goTo: (number) => {
      const shown = view.current
      if (shown === undefined) return
      const line = shown.state.doc.line(Math.min(Math.max(1, number), shown.state.doc.lines))
      shown.dispatch({
        selection: { anchor: line.from },
        effects: EditorView.scrollIntoView(line.from, { y: 'center' }),
      })
      shown.focus()
    },
    insert: (text) => view.current?.dispatch(view.current.state.replaceSelection(text), { userEvent: 'input.type' }),
    indent: () => {
      if (view.current !== undefined) indentMore(view.current)
    },
    move: (by) => {
      const shown = view.current
      if (shown === undefined) return
      const anchor = Math.min(Math.max(0, shown.state.selection.main.head + by), shown.state.doc.length)
      shown.dispatch({ selection: { anchor }, scrollIntoView: true })
    },
    undo: () => {
      if (view.current !== undefined) undo(view.current)
    },
    get hasFocus() {
      return view.current?.hasFocus ?? false
    },
  }))

  return <div ref={host} className={styles.editor} />
}
