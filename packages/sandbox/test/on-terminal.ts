import type { Control } from '@runnel/contract/internal'
import type { TerminalSize } from '@runnel/contract/public'
import type { Sandboxes } from '../src/index.ts'
import { type RunOptions, type RunResult, run } from './run.ts'

/** What a person does once the terminal shows a text that was not there at the step before. */
type Step = readonly [shown: string, ...deeds: readonly (string | TerminalSize | Control)[]]

export interface TerminalOptions extends Omit<RunOptions, 'controls' | 'onOutput'> {
  readonly size?: TerminalSize
  readonly steps?: readonly Step[]
  /** Called with every piece of output. Reading waits for a returned promise. */
  readonly onPiece?: () => void | Promise<void>
}

export interface Shown extends RunResult {
  /** All that the terminal got, as text. */
  readonly text: string
}

const toControl = (deed: string | TerminalSize | Control): Control => {
  if (typeof deed === 'string') return { type: 'stdin', encoding: 'utf8', data: deed }
  return 'cols' in deed && !('type' in deed) ? { type: 'resize', ...deed } : deed
}

/** Runs a program on a terminal, with a person before it if there are steps. Without steps its input ends at once. */
export const runOnTerminal = async (sandboxes: Sandboxes, options: TerminalOptions): Promise<Shown> => {
  const { size = { cols: 80, rows: 24 }, steps = [], program, onPiece, ...rest } = options
  let text = ''
  let wake: () => void = () => {}
  async function* controls(): AsyncGenerator<Control> {
    let seen = 0
    for (const [shown, ...deeds] of steps) {
      while (text.indexOf(shown, seen) < 0) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
      }
      seen = text.indexOf(shown, seen) + shown.length
      yield* deeds.map(toControl)
    }
  }
  const result = await run(sandboxes, {
    ...rest,
    program: { interactive: steps.length > 0, terminal: size, ...program },
    controls: controls(),
    onOutput: (bytes) => {
      text += bytes.toString()
      wake()
      return onPiece?.()
    },
  })
  return { ...result, text }
}
