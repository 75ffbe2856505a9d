import { createLogger } from '@runnel/process'

/** A logger, and the lines that it wrote. */
export const collectLog = () => {
  let text = ''
  const log = createLogger({ name: 'api', level: 'info', destination: { write: (line) => (text += line) } })
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Record<string, unknown> => JSON.parse(line))
  return { log, lines, text: () => text }
}
