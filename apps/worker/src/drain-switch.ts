import type { Logger } from '@runnel/process'
import type { Intake } from './intake.ts'

/** What follows from each answer to a heartbeat: an operator has drained this worker, has resumed it, or nothing has changed. */
export const createDrainSwitch = (intake: Intake, log: Logger): ((isDrained: boolean) => void) => {
  let wasDrained = false
  return (isDrained) => {
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
}
