import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { client } from '../../client.ts'
import { classes } from '../../parts/classes.ts'
import { MOD } from '../../shell/keys.ts'
import { entryOf } from './draft/draft.ts'
import type { DrawerPart } from './draft/to-submission.ts'
import { DropZone } from './drop-zone.tsx'
import type { EditorHandle } from './editor/editor.tsx'
import styles from './index.module.css'
import { NoticeBar } from './notice-bar.tsx'
import { previewOf, ResultPane } from './output/result-pane.tsx'
import { PhoneBar, type PhonePane } from './phone/phone-bar.tsx'
import { ProgramPane } from './program-pane.tsx'
import { RunBar } from './run-bar/run-bar.tsx'
import { StateLine } from './run-bar/state-words.tsx'
import { Split } from './split.tsx'
import { useActs } from './use-acts.ts'
import { useDetection } from './use-detection.ts'
import { useNotices } from './use-notices.ts'
import { usePageKeys } from './use-page-keys.ts'
import { usePlaces } from './use-places.ts'
import { useRun } from './use-run.ts'
import { useSubject } from './use-subject.ts'
import { toTitle, useTitle } from './use-title.ts'

const hasFingers = (): boolean => window.matchMedia('(pointer: coarse)').matches

/** One program and its run: `/` is what is typed, `/r/:job` a run, with what it ran. */
export const RunView = ({ jobId }: { readonly jobId: string | undefined }): ReactElement => {
  const editor = useRef<EditorHandle>(null)
  const [part, setPart] = useState<DrawerPart>()
  /** The part was opened to type in it, not by its own tab. */
  const [isPartWanted, setPartWanted] = useState(false)
  const [chosenPane, setPane] = useState<PhonePane>(jobId === undefined ? 'code' : 'output')
  const [isTyping, setTyping] = useState(false)
  const openDrawer = (wanted: DrawerPart): void => {
    setPart(wanted)
    setPartWanted(true)
    setPane('code')
  }
  const subject = useSubject(jobId)
  const control = useRun(jobId)
  const { run, terminal } = control
  const { draft, isWatched } = subject
  const isGone = draft === undefined && subject.error !== undefined
  // What is wrong, and what one can do then, stands in place of the program.
  const preview = previewOf(run)
  const pane = isGone ? 'code' : chosenPane === 'preview' && preview === undefined ? 'output' : chosenPane
  const notices = useNotices(run)
  const places = usePlaces({
    draft,
    run,
    terminal,
    editor,
    linesBefore: isWatched ? 0 : (run.extracted?.firstLine ?? 1) - 1,
    onOpen: (openId) => {
      subject.change((now) => ({ ...now, openId }))
      setPane('code')
    },
  })
  const acts = useActs({
    jobId,
    subject,
    control,
    places,
    notices,
    openDrawer,
    onStarted: () => setPane('output'),
  })
  const { say } = notices
  const { serves, jobId: servingId } = run
  const serveIt = useRef(acts.serveIt)
  serveIt.current = acts.serveIt
  useEffect(() => {
    if (!serves || servingId === undefined) return
    say({
      sentence: 'This program serves web pages, and nobody can reach it so.',
      actions: [{ label: 'Serve it', act: () => serveIt.current() }],
    })
  }, [serves, servingId, say])
  const { data: languages = [] } = useQuery({
    queryKey: ['languages'],
    queryFn: ({ signal }) => client.languages({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

  // Who looks at the output of a run wants to see what it serves, as soon as it does.
  const hasPreview = preview !== undefined
  useEffect(() => {
    if (hasPreview) setPane((now) => (now === 'output' ? 'preview' : now))
  }, [hasPreview])
  useDetection(draft, isWatched)
  // On a phone the focus would bring the keyboard before anybody asked for it.
  useEffect(() => {
    if (!hasFingers()) editor.current?.focus()
  }, [])
  usePageKeys((what) => {
    switch (what) {
      case 'run':
        return acts.run()
      case 'stop':
        return acts.stop()
      case 'share':
        return acts.share()
      case 'next-error':
        return acts.jump(1)
      case 'error-before':
        return acts.jump(-1)
      case 'input':
        return openDrawer('input')
      // There are two panes, so the next one is also the one before.
      case 'next-pane':
      case 'pane-before':
      case 'terminal': {
        const toOutput = editor.current?.hasFocus === true
        setPane(toOutput ? 'output' : 'code')
        return toOutput ? terminal?.core.focus() : editor.current?.focus()
      }
    }
  })

  const language = draft?.language ?? draft?.detected
  const automaticName = languages.find(({ id }) => id === language)?.fileName ?? (draft ? entryOf(draft).path : '')
  const entryName = draft === undefined || draft.isNameAutomatic ? automaticName : entryOf(draft).path
  useTitle(toTitle(jobId === undefined && run.phase === 'finished' ? undefined : run, entryName))
  const hint = hasFingers() ? `Run starts ${entryName}` : `${MOD} Enter runs ${entryName}`

  return (
    <DropZone isOff={isWatched} onDrop={acts.drop}>
      <RunBar
        draft={draft}
        automaticName={automaticName}
        languages={languages}
        isReadOnly={isWatched}
        isOutputShown={pane !== 'code'}
        run={run}
        hint={hint}
        share={{ shared: acts.shared, onShare: acts.share, onClose: acts.closeShared }}
        onChange={subject.change}
        onRun={acts.run}
        onStop={acts.stop}
        onAct={acts.act}
        onNew={acts.startNew}
      />
      <StateLine run={run} />
      {notices.notice !== undefined && <NoticeBar notice={notices.notice} onClose={notices.close} />}
      <div className={classes(styles.panes, pane === 'code' ? styles.code : styles.output)}>
        <Split
          first={
            <ProgramPane
              editor={editor}
              subject={subject}
              part={part}
              isPartWanted={isPartWanted}
              onPart={(next) => {
                setPart(next)
                setPartWanted(false)
              }}
              say={notices.say}
              onEditCopy={acts.editCopy}
              onNew={acts.startNew}
              isTyping={isTyping}
              onTyping={setTyping}
            />
          }
          second={
            <ResultPane
              phonePane={pane === 'preview' ? 'preview' : 'output'}
              terminal={terminal}
              error={control.terminalError}
              run={run}
              isGone={isGone}
              stream={control.stream}
              tty={draft?.tty ?? true}
              onTty={(tty) => subject.change((now) => ({ ...now, tty }))}
              onDownload={acts.download}
              hint="What the program prints appears here."
            />
          }
        />
      </div>
      <PhoneBar pane={pane} hasPreview={preview !== undefined} isHidden={isTyping} onPane={setPane} />
    </DropZone>
  )
}
