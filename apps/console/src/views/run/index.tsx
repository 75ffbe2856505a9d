import { type ReactElement, useEffect, useRef, useState } from 'react'
import { createExample, openFileOf, withContent } from './draft/draft.ts'
import { Editor, type EditorHandle } from './editor/editor.tsx'

/** One program and its run. */
export const RunView = (_props: { readonly jobId: string | undefined }): ReactElement => {
  const [draft, setDraft] = useState(createExample)
  const editor = useRef<EditorHandle>(null)
  useEffect(() => editor.current?.focus(), [])
  const file = openFileOf(draft)
  return (
    <Editor
      ref={editor}
      id={file.id}
      content={file.content}
      language={draft.language ?? draft.detected}
      isReadOnly={false}
      onChange={(content) => setDraft((now) => withContent(now, file.id, content))}
      onPaste={() => false}
    />
  )
}
