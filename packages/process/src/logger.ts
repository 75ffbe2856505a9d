import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Headers that carry a caller's secret, wherever a log line may hold a set of headers. */
const SECRET_HEADERS = ['authorization', 'cookie', '["set-cookie"]', '["sec-websocket-protocol"]']
const HEADER_HOLDERS = ['headers', '*.headers', '*.*.headers']

const secretPaths = HEADER_HOLDERS.flatMap((holder) =>
  SECRET_HEADERS.map((header) => (header.startsWith('[') ? `${holder}${header}` : `${holder}.${header}`)),
)

/** A cause of a cause of a cause; longer chains go in circles. */
const CAUSES = 5
/** What Redis calls a command it does not know is followed by what was sent with it. */
const ARGUMENTS = /(?<=with args beginning with:).*/g

const toLoggedText = (text: string | undefined): string | undefined => text?.replaceAll(ARGUMENTS, ' …')

/**
 * Of an error its kind, its words and where it was, and so of its causes. Nothing else: libraries hang on it what they
 * were working on (ioredis a whole command), and that is somebody's program with its input and its environment.
 */
const toLogged = (error: unknown, causes = CAUSES): unknown => {
  if (!(error instanceof Error)) return error
  const { name, message, stack, cause } = error
  return {
    type: name,
    message: toLoggedText(message),
    stack: toLoggedText(stack),
    ...('code' in error ? { code: error.code } : {}),
    ...(cause === undefined || causes === 0 ? {} : { cause: toLogged(cause, causes - 1) }),
    ...(error instanceof AggregateError && causes > 0
      ? { errors: error.errors.slice(0, CAUSES).map((one) => toLogged(one, causes - 1)) }
      : {}),
  }
}

export const createLogger = (options: {
  /** The process, as it shows in every line: `api`, `worker`. */
  readonly name: string
  readonly level: string
  /** Standard output when left out. */
  readonly destination?: DestinationStream
}): Logger => {
  const { name, level, destination } = options
  const settings = { name, level, redact: { paths: secretPaths, censor: '[redacted]' }, serializers: { err: toLogged } }
  return destination === undefined ? pino(settings) : pino(settings, destination)
}
