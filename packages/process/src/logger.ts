import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Headers that carry a caller's secret, wherever a log line may hold a set of headers. */
const SECRET_HEADERS = ['authorization', 'cookie', '["set-cookie"]', '["sec-websocket-protocol"]']
const HEADER_HOLDERS = ['headers', '*.headers', '*.*.headers']

const secretPaths = HEADER_HOLDERS.flatMap((holder) =>
  SECRET_HEADERS.map((header) => (header.startsWith('[') ? `${holder}${header}` : `${holder}.${header}`)),
)

export const createLogger = (options: {
  /** The process, as it shows in every line: `api`, `worker`. */
  readonly name: string
  readonly level: string
  /** Standard output when left out. */
  readonly destination?: DestinationStream
}): Logger => {
  const { name, level, destination } = options
  const settings = { name, level, redact: { paths: secretPaths, censor: '[redacted]' } }
  return destination === undefined ? pino(settings) : pino(settings, destination)
}
