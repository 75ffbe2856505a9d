import { expect, test } from 'vitest'
import { createLogger } from '../src/index.ts'

const logged = (details: object): string => {
  let line = ''
  const log = createLogger({ name: 'api', level: 'info', destination: { write: (text) => (line += text) } })
  log.info(details, 'a request')
  return line
}

test('secrets in headers are never logged, at any depth', () => {
  const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2', 'set-cookie': 'hunter2', accept: 'text/html' }
  for (const details of [{ headers }, { req: { headers } }, { a: { req: { headers } } }]) {
    const line = logged(details)
    expect(line).not.toContain('hunter2')
    expect(line).toContain('text/html')
  }
})

test('an error is logged with its message and its causes, and nothing that a library attached to it', () => {
  const command = { name: 'evalsha', args: ['hunter2'] }
  const reply = "ERR unknown command 'SUBMIT', with args beginning with: 'hunter2'"
  const cause = Object.assign(new Error(reply), { name: 'ReplyError', code: 'ERR', command })
  const err = Object.assign(new Error('Cannot submit', { cause }), { job: { stdin: 'hunter2' } })
  const line = logged({ err })
  expect(line).not.toContain('hunter2')
  expect(JSON.parse(line).err).toMatchObject({
    type: 'Error',
    message: 'Cannot submit',
    stack: expect.stringContaining('logger.test.ts'),
    cause: {
      type: 'ReplyError',
      code: 'ERR',
      message: "ERR unknown command 'SUBMIT', with args beginning with: …",
    },
  })
})

test('an error is logged with its cause', () => {
  const err = new Error('Cannot start', { cause: new Error('the port is taken') })
  expect(JSON.parse(logged({ err })).err).toMatchObject({
    message: 'Cannot start',
    cause: { type: 'Error', message: 'the port is taken' },
  })
})
