import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Headers with a caller's secret. */
const SECRET_HEADERS = ['authorization', 'cookie', '["set-cookie"]', '["sec-websocket-protocol"]']
const HEADER_HOLDERS = ['headers', '*.headers', '*.*.headers']

const secretPaths = HEADER_HOLDERS.flatMap((holder) =>
  SECRET_HEADERS.map((header) => (header.startsWith('[') ? `${holder}${header}` : `${holder}.${header}`)),
)

/** Longer chains of causes are circles. */
const CAUSES = 5
/** If Redis does not know a command, its error repeats the arguments. */
const ARGUMENTS = /(?<=with args beginning with:).*/g

const toLoggedText = (text: string | undefined): string | undefined => text?.replaceAll(ARGUMENTS, ' …')

/**
 * Logs an error's name, message, stack and code, and those of its causes. Nothing else: libraries attach what they worked on
 * (ioredis a whole command), and that may be a user's program with its input and environment.
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
  /** The name of the process in every line: `api`, `worker`. */
  readonly name: string
  readonly level: string
  /** Default: standard output. */
  readonly destination?: DestinationStream
}): Logger => {
  const { name, level, destination } = options
  const settings = { name, level, redact: { paths: secretPaths, censor: '[redacted]' }, serializers: { err: toLogged } }
  return destination === undefined ? pino(settings) : pino(settings, destination)
}
