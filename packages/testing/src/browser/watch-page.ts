import type { ConsoleMessage, Page } from 'playwright-core'

/** What went wrong in a page that no test looks at: exceptions, errors on the console, and requests without an answer. */
export interface PageFaults {
  /** Faults that match may happen. Those that already did count too. */
  allow(pattern: RegExp): void
  /** What happened and was not allowed. */
  unexpected(): readonly string[]
}

const toSentence = (message: ConsoleMessage): string => {
  const { url } = message.location()
  return `console: ${message.text()}${url === '' ? '' : ` (${url})`}`
}

export const watchPage = (page: Page): PageFaults => {
  const faults: string[] = []
  const allowed: RegExp[] = []
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error.message}`))
  page.on('crash', () => faults.push('the page crashed'))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(toSentence(message))
  })
  return {
    allow: (pattern) => void allowed.push(pattern),
    unexpected: () => faults.filter((fault) => !allowed.some((pattern) => pattern.test(fault))),
  }
}
