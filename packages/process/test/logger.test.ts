import { expect, test } from 'vitest'
import { createLogger } from '../src/index.ts'

const logged = (details: object): string => {
  let line = ''
  const log = createLogger({ name: 'api', level: 'info', destination: { write: (text) => (line += text) } })
  log.info(details, 'a request')
  return line
}

test('secrets in headers are never logged, wherever the headers are', () => {
  const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2', 'set-cookie': 'hunter2', accept: 'text/html' }
  for (const details of [{ headers }, { req: { headers } }, { a: { req: { headers } } }]) {
    const line = logged(details)
    expect(line).not.toContain('hunter2')
    expect(line).toContain('text/html')
  }
})

test('an error is logged with its cause', () => {
  const err = new Error('Cannot start', { cause: new Error('the port is taken') })
  expect(logged({ err })).toContain('the port is taken')
})
