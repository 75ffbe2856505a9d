import type { JobEvent } from '@runnel/client'
import { initialRunState } from '@runnel/client/run-state'
import type { TerminalOptions } from './options.ts'
import type { ThemeName } from './palette.ts'
import { createRunStore } from './run-store.ts'
import { createShow, type Show } from './show.ts'
import { createShowing, messageOf, type Showing } from './showing.ts'
import { withDefaults } from './submission-defaults.ts'
import type { Terminal, TerminalSnapshot } from './terminal.ts'

/**
 * A terminal. Making one connects to nothing and changes nothing on the page, so it may be made anywhere, also twice.
 *
 *   made ──▶ run or show: a job is chosen ──▶ attach: it is drawn ──▶ detach: it is not, and goes on
 *
 * Both orders of the middle two are fine.
 */
export const createTerminal = (given: TerminalOptions): Terminal => {
  const { client } = given
  let options = given
  const store = createRunStore({ title: '', stream: given.stream ?? 'both' })
  const eventListeners = new Set<(event: JobEvent) => void>()
  let showing: Showing | undefined
  let show: Show | undefined
  /** Counts what was asked to be shown, so that a slow submission does not replace a later one. */
  let asked = 0

  const tell = (event: JobEvent): void => {
    options.onEvent?.(event)
    for (const listener of [...eventListeners]) listener(event)
  }
  const play = (next: Showing | undefined): void => {
    showing = next
    show?.play(next)
  }
  const forget = (): void => {
    asked += 1
    store.change({ run: initialRunState, title: '' })
  }
  const stop = async (): Promise<void> => {
    if (showing === undefined || store.snapshot.run.phase === 'finished') return
    showing.stopped.abort()
    store.reduce({ type: 'client-cancel', by: 'you' })
    await client.jobs.cancel(showing.jobId)
  }
  /** The run before stays as it was. Without one, the state says why there is none. */
  const refuse = (before: TerminalSnapshot, error: unknown): void => {
    const message = messageOf(error)
    if (showing === undefined) {
      store.reduce({ type: 'client-refused', error: error instanceof Error ? error : { message }, atMs: Date.now() })
      return
    }
    store.change(before)
    play(showing)
    if (options.header !== false) toStage()?.notices.say(`Not run: ${message}`)
  }
  const toStage = () => show?.stage

  return {
    attach: (element) => {
      if (show !== undefined) throw new Error('This terminal is attached already: detach it first, or make another one')
      const stopOrSay = (): void => {
        stop().catch((error: unknown) => toStage()?.notices.say(messageOf(error)))
      }
      const attached = createShow(element, options, store, { event: tell, stop: stopOrSay })
      show = attached
      attached.play(showing)
      return () => {
        if (show !== attached) return
        attached[Symbol.dispose]()
        show = undefined
      }
    },

    run: async (submission, submitOptions) => {
      const before = store.snapshot
      forget()
      const turn = asked
      show?.pause()
      store.reduce({ type: 'client-sending', atMs: Date.now() })
      try {
        if (submission.tty === true) await toStage()?.screen.opened
        const job = await client.jobs.submit(withDefaults(submission, toStage()?.screen.xterm), submitOptions)
        if (turn === asked) {
          store.reduce({ type: 'client-accepted', job, atMs: Date.now() })
          play(createShowing(job.id, true))
        }
        return job.id
      } catch (error) {
        if (turn === asked) refuse(before, error)
        throw error
      }
    },
    show: (jobId) => {
      forget()
      play(createShowing(jobId, false))
    },
    clear: () => {
      forget()
      play(undefined)
    },

    stop,
    send: (text) => show?.input.send(text),
    endInput: () => show?.input.endInput(),
    signal: async (name) => {
      if (showing !== undefined) await client.jobs.signal(showing.jobId, name)
    },

    showStream: (stream) => {
      store.change({ stream })
      play(showing)
    },
    setTheme: (theme: ThemeName) => {
      options = { ...options, theme }
      toStage()?.setTheme(theme)
    },
    find: (term, { backwards = false } = {}) => toStage()?.find(term, backwards) ?? { index: -1, count: 0 },
    clearFind: () => toStage()?.clearFind(),
    openFind: () => toStage()?.openFind(),
    text: () => toStage()?.text() ?? '',
    copyAll: async () => toStage()?.copyAll(),
    showText: (isShown) => toStage()?.showText(isShown),
    focus: () => toStage()?.focus(),
    fit: () => toStage()?.screen.fitting.fit(),

    get snapshot() {
      return store.snapshot
    },
    subscribe: store.subscribe,
    onEvent: (listener) => {
      eventListeners.add(listener)
      return () => eventListeners.delete(listener)
    },
  }
}
