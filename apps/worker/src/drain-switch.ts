import type { Logger } from '@runnel/process'
import type { Intake } from './intake.ts'

export interface DrainSwitch {
  readonly isDrained: boolean
  readonly set: (isDrained: boolean) => void
}

/** What follows from each answer to a heartbeat: an operator has drained this worker, has resumed it, or nothing has changed. */
export const createDrainSwitch = (intake: Intake, log: Logger): DrainSwitch => {
  let wasDrained = false
  const set = (isDrained: boolean): void => {
    if (isDrained === wasDrained) return
    wasDrained = isDrained
    if (isDrained) {
      log.info('Drained by an operator: taking no new jobs, and finishing those that run')
      intake.hold('drained').catch((err: unknown) => log.error({ err }, 'Cannot stop taking jobs'))
    } else {
      log.info('Resumed by an operator')
      intake.release('drained')
    }
  }
  return {
    set,
    get isDrained() {
      return wasDrained
    },
  }
}
