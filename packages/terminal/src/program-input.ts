import type { Runnel } from '@runnel/client'
import { createInputQueue } from './input-queue.ts'
import { inputRefusal } from './input-refusal.ts'
import type { RunStore } from './run-store.ts'
import { messageOf, type Showing } from './showing.ts'

export interface ProgramInput {
  send(text: string): void
  endInput(): void
  /** ^C: what a terminal does with it, or SIGINT. */
  interrupt(): void
  /** Why the program cannot get input now; undefined if it can. */
  refusal(): string | undefined
}

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

export const createProgramInput = (parts: {
  readonly client: Runnel
  readonly store: RunStore
  readonly readShowing: () => Showing | undefined
  /** Says why something was not sent. */
  readonly say: (sentence: string) => void
  /** Shows what was typed, where no terminal of the program does. */
  readonly echo: (text: string) => void
  readonly ended: () => void
}): ProgramInput => {
  const { client, store, readShowing, say, echo, ended } = parts
  const queue = createInputQueue(
    async (data, end) => {
      const showing = readShowing()
      if (showing !== undefined) await client.jobs.sendInput(showing.jobId, { data, end })
    },
    (error) => say(`Not sent: ${messageOf(error)}`),
  )
  const refusal = (): string | undefined => inputRefusal(store.snapshot.run, readShowing()?.hasEndedInput === true)

  const unlessRefused = (act: () => void): void => {
    const reason = refusal()
    if (reason === undefined) act()
    else say(reason)
  }
  return {
    refusal,
    send: (text) => unlessRefused(() => queue.add(text)),
    endInput: () =>
      unlessRefused(() => {
        // On a terminal ^D is a key, and the program may read on.
        if (store.snapshot.run.tty) {
          queue.add(CTRL_D)
          return
        }
        queue.end()
        const showing = readShowing()
        if (showing !== undefined) showing.hasEndedInput = true
        ended()
      }),
    interrupt: () => {
      const showing = readShowing()
      const { phase, tty } = store.snapshot.run
      if (showing === undefined || phase !== 'running') say('Nothing was interrupted: no program runs.')
      else if (tty) queue.add(CTRL_C)
      else {
        echo('^C\r\n')
        client.jobs.signal(showing.jobId, 'SIGINT').catch((error: unknown) => say(messageOf(error)))
      }
    },
  }
}
