import type { ReactElement, RefObject } from 'react'
import { Button } from '../../parts/button.tsx'
import { Failed, Loading } from '../../parts/notice.tsx'
import { openFileOf, withContent } from './draft/draft.ts'
import type { DrawerPart } from './draft/to-submission.ts'
import { Drawer } from './drawer/drawer.tsx'
import { Editor, type EditorHandle } from './editor/editor.tsx'
import { languageOfPath } from './editor/syntax.ts'
import type { Notice } from './notice-bar.tsx'
import { KeyRow } from './phone/key-row.tsx'
import styles from './program-pane.module.css'
import { usePaste } from './use-paste.ts'
import type { Subject } from './use-subject.ts'

export interface ProgramPaneProps {
  readonly editor: RefObject<EditorHandle | null>
  readonly subject: Subject
  readonly part: DrawerPart | undefined
  /** The focus goes to where one types in it. */
  readonly isPartWanted: boolean
  readonly onPart: (part: DrawerPart | undefined) => void
  readonly say: (notice: Notice) => void
  readonly onEditCopy: () => void
  readonly onNew: () => void
  /** The editor has the focus. */
  readonly isTyping: boolean
  readonly onTyping: (isTyping: boolean) => void
}

/** The program, and how it is run. */
export const ProgramPane = (props: ProgramPaneProps): ReactElement => {
  const { editor, subject, part, isPartWanted, onPart, say, onEditCopy, isTyping, onTyping, onNew } = props
  const { draft, isWatched, error, retry, change } = subject
  const onPaste = usePaste(say)
  if (draft === undefined) {
    if (error === undefined) return <Loading what="Loading the program…" />
    return (
      <Failed what="This run cannot be shown" error={error} retry={retry}>
        <Button kind="outline" onClick={onNew}>
          Write a new program
        </Button>
      </Failed>
    )
  }
  const file = openFileOf(draft)
  const isAutomatic = draft.isNameAutomatic && draft.files.length === 1
  return (
    <section className={styles.pane} aria-label="Program">
      {isWatched && (
        <div className={styles.watched}>
          <p>The program of this run, as it was.</p>
          <Button kind="quiet" onClick={onEditCopy}>
            Edit a copy
          </Button>
        </div>
      )}
      {file.encoding === 'base64' ? (
        <p className={styles.binary}>{file.path} is no text, so it cannot be shown. The program gets it as it is.</p>
      ) : (
        <Editor
          ref={editor}
          id={file.id}
          content={file.content}
          language={isAutomatic ? (draft.language ?? draft.detected) : languageOfPath(file.path)}
          isReadOnly={isWatched}
          onChange={(content) => change((now) => withContent(now, file.id, content))}
          onPaste={(text, isWhole) => !isWatched && onPaste(text, isWhole)}
          onFocusChange={onTyping}
        />
      )}
      {isTyping && <KeyRow editor={() => editor.current} />}
      <Drawer
        draft={draft}
        isReadOnly={isWatched}
        part={part}
        takesFocus={isPartWanted}
        onPart={onPart}
        onChange={change}
      />
    </section>
  )
}
