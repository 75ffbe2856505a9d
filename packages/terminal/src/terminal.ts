import type { JobEvent, SignalName, Submission, SubmitOptions } from '@runnel/client'
import type { RunState } from '@runnel/client/run-state'
import type { Found } from './find-bar.ts'
import type { ShownStream } from './options.ts'
import type { ThemeName } from './palette.ts'

/** What a page can show of a terminal. A new object for each change. */
export interface TerminalSnapshot {
  /** What is known of the run; `describeRun` of `@runnel/client/run-state` says it in words. */
  readonly run: RunState
  /** The title that the program gave its terminal, as text: up to 80 characters. Empty without one. */
  readonly title: string
  readonly stream: ShownStream
}

/**
 * One run on one screen. It can be attached to an element, detached, and attached again: what it shows comes from the job's
 * log each time. Without an element it keeps its job, and shows and follows nothing.
 */
export interface Terminal {
  /** Puts the terminal into `element` and fills it. Answers how to take it out again. Throws if it is attached already. */
  attach(element: HTMLElement): () => void

  /**
   * Submits a program and shows it. Input stays open (`interactive`) unless `stdin` is given; with `tty` the program's
   * terminal gets the size of the screen. Resolves with the job's id. Rejects with what `client.jobs.submit` throws: the
   * run before stays then, and without one the state says why.
   */
  run(submission: Submission, options?: SubmitOptions): Promise<string>
  /** Shows a job from its first event on. */
  show(jobId: string): void
  /** Shows nothing. The job goes on. */
  clear(): void

  /** Cancels the job. What waits to be drawn is not drawn any more, and a line says how much that was. */
  stop(): Promise<void>
  /** Input for the program, as it is: a line ends with "\n", on a terminal with "\r". What cannot be sent is said below the screen. */
  send(text: string): void
  /** No more input follows. */
  endInput(): void
  signal(name: SignalName): Promise<void>

  /** The screen is drawn again, with this stream alone or both. */
  showStream(stream: ShownStream): void
  setTheme(theme: ThemeName): void
  /** Marks all matches and goes to the next one. An empty term clears them. */
  find(term: string, options?: { readonly backwards?: boolean }): Found
  clearFind(): void
  /** Opens the search field, as Ctrl+Shift+F does. */
  openFind(): void
  /** What is on the screen and above it. */
  text(): string
  /** Copies `text()`. If the browser refuses, all is selected and a sentence says what to press. */
  copyAll(): Promise<void>
  /** The output as plain text instead of the screen. */
  showText(isShown: boolean): void
  /** Puts the caret where one types. */
  focus(): void
  /** Fits the screen to its element now. It does so by itself when the element changes. */
  fit(): void

  readonly snapshot: TerminalSnapshot
  /** Calls `listener` after changes of the snapshot. Answers how to stop. */
  subscribe(listener: () => void): () => void
  /** Each event of the job that is shown, in order. Answers how to stop. */
  onEvent(listener: (event: JobEvent) => void): () => void
}
