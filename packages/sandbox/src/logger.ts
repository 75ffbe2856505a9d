/** What we need of a logger; pino's is one. */
export interface Logger {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}
