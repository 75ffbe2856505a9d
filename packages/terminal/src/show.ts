import { type JobEvent, RunnelConnectionError } from '@runnel/client'
import { describeRun, initialRunState } from '@runnel/client/run-state'
import { askPlace } from './ask-place.ts'
import type { Size } from './fit.ts'
import type { TerminalOptions } from './options.ts'
import { playJob } from './play-job.ts'
import { createProgramInput, type ProgramInput } from './program-input.ts'
import type { RunStore } from './run-store.ts'
import { isAfter, messageOf, type Showing } from './showing.ts'
import { createStage, type Stage } from './stage.ts'

export interface Show extends Disposable {
  readonly stage: Stage
  readonly input: ProgramInput
  /** Shows nothing new. What is on the screen stays. */
  pause(): void
  /** Empties the screen and plays `showing`. */
  play(showing: Showing | undefined): void
}

const WORDS_MS = 100
/** A program's terminal is resized when the pane has kept its size for as long. */
const RESIZE_MS = 100
/** Output of the past is drawn at the width that it was printed for. When nothing came for as long, it is the present. */
const SETTLED_MS = 300

/** A terminal on an element: the stage, the job that plays on it, and what a person sends to that job. */
export const createShow = (
  element: HTMLElement,
  options: TerminalOptions,
  store: RunStore,
  acts: { readonly event: (event: JobEvent) => void; readonly stop: () => void },
): Show => {
  const { client } = options
  let showing: Showing | undefined
  let playing = new AbortController()
  let mayAnswer = false
  let isHeld = false
  let resizing: ReturnType<typeof setTimeout> | undefined
  let settling: ReturnType<typeof setTimeout> | undefined
  let announced = ''

  const input = createProgramInput({
    client,
    store,
    readShowing: () => showing,
    say: (sentence) => stage.notices.say(sentence),
    echo: (text) => void stage.screen.write(text),
    ended: () => update(),
  })
  const resize = (size: Size): void => {
    clearTimeout(resizing)
    if (!store.snapshot.run.tty) return
    resizing = setTimeout(() => {
      if (showing === undefined || store.snapshot.run.phase !== 'running') return
      client.jobs.resize(showing.jobId, size).catch((error: unknown) => stage.notices.say(messageOf(error)))
    }, RESIZE_MS)
  }
  const stage = createStage(element, options, {
    send: (text) => {
      mayAnswer = true
      input.send(text)
    },
    endInput: input.endInput,
    interrupt: input.interrupt,
    refused: () => stage.notices.say(input.refusal() ?? ''),
    stop: acts.stop,
    retry: () => client.reconnect(),
    title: (title) => store.change({ title }),
    answers: () => mayAnswer,
    hasTerminal: () => store.snapshot.run.tty,
    resized: (size) => {
      if (!isHeld) resize(size)
    },
  })

  const showWords = (): void => {
    const { run } = store.snapshot
    const words = describeRun(run, Date.now())
    stage.showWords(words, run.phase === 'queued' || run.phase === 'running')
    // Figures that grow are not a new state.
    const kind = `${run.phase} ${words.tone}`
    if (kind === announced) return
    announced = kind
    stage.announce(words.sentence)
  }
  const update = (): void => {
    const reader = store.snapshot.run.tty ? 'terminal' : 'line'
    stage.setReader(input.refusal() === undefined ? reader : 'nobody')
    showWords()
  }
  const unsubscribe = store.subscribe(update)
  const ticking = setInterval(showWords, WORDS_MS)

  const release = (): void => {
    clearTimeout(settling)
    isHeld = false
    stage.screen.fitting.release()
  }
  /** The program's terminal and the screen agree on a size: the screen's, if the program has just started for it. */
  const agreeOnSize = (size: Size): void => {
    const { fitting, xterm } = stage.screen
    const { cols, rows } = xterm
    isHeld = showing?.isNew !== true
    if (isHeld) fitting.hold(size)
    else if (cols !== size.cols || rows !== size.rows) resize({ cols, rows })
  }
  const onEvent = (of: Showing, event: JobEvent): void => {
    const isKnown = !isAfter(event.id, of.lastEventId)
    if (!isKnown) {
      of.lastEventId = event.id
      store.reduce(event)
    }
    if (event.type === 'started' && event.cols !== undefined && event.rows !== undefined)
      agreeOnSize({ cols: event.cols, rows: event.rows })
    if (event.type === 'stdout' || event.type === 'stderr') {
      of.isNew = false
      stage.printed()
    }
    clearTimeout(settling)
    if (event.type === 'finished') release()
    else if (isHeld) settling = setTimeout(release, SETTLED_MS)
    if (!isKnown) acts.event(event)
  }
  const follow = async (given: Showing, signal: AbortSignal): Promise<void> => {
    const { jobId, stopped } = given
    const { screen } = stage
    // The place is a comfort, and a client with tickets may not ask: not worth a word.
    askPlace(client, store, jobId, signal).catch(() => {})
    await screen.opened
    await playJob({
      client,
      jobId,
      screen,
      stream: store.snapshot.stream,
      signal,
      stopped: stopped.signal,
      onEvent: (event) => onEvent(given, event),
      onConnection: (change) => store.reduce({ type: 'client-connection', change, atMs: Date.now() }),
    })
  }
  const play = (given: Showing | undefined): void => {
    playing.abort()
    playing = new AbortController()
    const { signal } = playing
    showing = given
    mayAnswer = given?.isNew === true
    release()
    stage.screen.clear()
    stage.notices.hide()
    update()
    if (given === undefined) return
    follow(given, signal).catch((error: unknown) => {
      if (signal.aborted) return
      const message = messageOf(error)
      store.reduce({ type: 'client-refused', error: error instanceof Error ? error : { message }, atMs: Date.now() })
      if (!(error instanceof RunnelConnectionError)) return
      const act = (): void => {
        given.lastEventId = undefined
        store.change({ run: initialRunState })
        play(given)
      }
      const again = { text: 'Try again', label: 'Follow the run again', act }
      stage.notices.say('Runnel was not reached. The run goes on.', again)
    })
  }

  return {
    stage,
    input,
    pause: () => playing.abort(),
    play,
    [Symbol.dispose]: () => {
      playing.abort()
      unsubscribe()
      clearInterval(ticking)
      clearTimeout(resizing)
      clearTimeout(settling)
      stage[Symbol.dispose]()
    },
  }
}
