// What `npm start` takes.
import { parseArgs } from 'node:util'
import { Refusal } from './refusal.ts'

export interface Options {
  readonly port: number
  readonly workers: number
  readonly sandbox: 'docker' | 'local'
  readonly detach: boolean
  readonly help: boolean
}

export const USAGE = `\
npm start -- [options]     Starts Redis, the API and workers, and runs examples/hello.py through them.

  --port <number>          Where the API listens on 127.0.0.1. Default: 8080.
  --workers <number>       How many worker processes. Default: 1.
  --detach                 Come back when it is ready; \`npm stop\` stops it.
  --sandbox docker|local   local: without Docker and WITHOUT ISOLATION, for trying out only.
                           Redis is then the one at REDIS_URL, or a redis-server on the path.
  --help                   This.

npm run keys               Makes, lists and revokes API keys. Until there is one, every program here may call.
`

export const readOptions = (args: readonly string[]): Options => {
  const { port, workers, sandbox, detach, help } = parse(args)
  if (sandbox !== 'docker' && sandbox !== 'local') throw misuse(`--sandbox is docker or local, not '${sandbox}'`)
  return {
    port: readNumber('--port', port, 65_535),
    workers: readNumber('--workers', workers, 64),
    sandbox,
    detach,
    help,
  }
}

/** What `npm run soak` takes, as settings of its tests. */
export const readSoakOptions = (args: readonly string[]): NodeJS.ProcessEnv => {
  try {
    const options = { minutes: { type: 'string', default: '' }, seed: { type: 'string', default: '' } } as const
    const { minutes, seed } = parseArgs({ args: [...args], options }).values
    return { RUNNEL_SOAK_MINUTES: minutes, RUNNEL_SOAK_SEED: seed }
  } catch (error) {
    throw new Refusal(`${firstSentence(error)} (npm run soak -- --minutes 30 --seed 7)`, 2)
  }
}

/** What `npm test` takes. `--need-browser`: it fails where the browser tests would be left out. */
export const readTestOptions = (args: readonly string[]): { readonly needsBrowser: boolean } => {
  try {
    const options = { 'need-browser': { type: 'boolean', default: false } } as const
    return { needsBrowser: parseArgs({ args: [...args], options }).values['need-browser'] }
  } catch (error) {
    throw new Refusal(`${firstSentence(error)} (npm test -- --need-browser)`, 2)
  }
}

/** The same options for the process that a detached start leaves behind. */
export const toArguments = ({ port, workers, sandbox }: Options): readonly string[] => [
  `--port=${port}`,
  `--workers=${workers}`,
  `--sandbox=${sandbox}`,
]

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8080' },
        workers: { type: 'string', default: '1' },
        sandbox: { type: 'string', default: 'docker' },
        detach: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw misuse(firstSentence(error))
  }
}

/** Of an error of parseArgs: it says what is wrong. The next sentences say how parseArgs can be used. */
const firstSentence = (error: unknown): string =>
  error instanceof Error ? (error.message.split(/\.\s|\n/)[0] ?? '') : 'Cannot read the options'

const readNumber = (name: string, text: string, highest: number): number => {
  const value = Number(text)
  if (/^\d{1,5}$/.test(text) && value >= 1 && value <= highest) return value
  throw misuse(`${name} is a number from 1 to ${highest}, not '${text}'`)
}

const misuse = (sentence: string): Refusal => new Refusal(`${sentence} (npm start -- --help lists the options)`, 2)
