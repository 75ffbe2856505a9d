const WHY = {
  'taken-over': 'a later attempt has started, or the job has finished',
  gone: 'entries are missing that were there; Redis has lost them',
  'redis-away': 'Redis stayed away for too long',
} as const

/** This attempt can no longer write to its log, so its program must stop. */
export class LogLostError extends Error {
  override name = 'LogLostError'
  readonly why: keyof typeof WHY

  constructor(why: keyof typeof WHY, options?: ErrorOptions) {
    super(`Cannot write to the job's log: ${WHY[why]}`, options)
    this.why = why
  }
}
