// What start.sh hands over: checked there, so that a wrong flag costs no preparation.
import { parseArgs } from 'node:util'

export interface Options {
  readonly port: number
  readonly workers: number
  readonly sandbox: string
  readonly detach: boolean
}

export const readOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '8080' },
      workers: { type: 'string', default: '1' },
      sandbox: { type: 'string', default: 'docker' },
      detach: { type: 'boolean', default: false },
    },
  })
  return { ...values, port: Number(values.port), workers: Number(values.workers) }
}
