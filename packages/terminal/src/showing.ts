/** Which job is shown, and what became of it here. It outlives a detach. */
export interface Showing {
  readonly jobId: string
  /** It was started here and its first output has not been drawn yet: no other screen has answered its questions. */
  isNew: boolean
  hasEndedInput: boolean
  /** The last event that the state and the listeners know. When the job is drawn again, older ones are only drawn. */
  lastEventId: string | undefined
  readonly stopped: AbortController
}

export const createShowing = (jobId: string, isNew: boolean): Showing => ({
  jobId,
  isNew,
  hasEndedInput: false,
  lastEventId: undefined,
  stopped: new AbortController(),
})

const toNumbers = (id: string): readonly number[] => id.split('-').map(Number)

/** Whether the event with this id comes after `last`. */
export const isAfter = (id: string, last: string | undefined): boolean => {
  if (last === undefined) return true
  const [attempt = 0, n = 0] = toNumbers(id)
  const [lastAttempt = 0, lastN = 0] = toNumbers(last)
  return attempt > lastAttempt || (attempt === lastAttempt && n > lastN)
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
