import { expect, test } from 'vitest'
import { readOptions, toArguments } from '../options.ts'

const DEFAULTS = { port: 8080, workers: 1, sandbox: 'docker', detach: false, help: false }

test('Options have defaults, and a value may follow after a space or an equals sign', () => {
  expect(readOptions([])).toEqual(DEFAULTS)
  expect(readOptions(['--port', '9000', '--workers=3', '--detach'])).toEqual({
    ...DEFAULTS,
    port: 9000,
    workers: 3,
    detach: true,
  })
  expect(readOptions(['-h'])).toEqual({ ...DEFAULTS, help: true })
})

test('A detached run gets the options of its start, except to detach', () => {
  const options = readOptions(['--detach', '--port', '9000', '--workers', '64', '--sandbox', 'local'])
  expect(readOptions(toArguments(options))).toEqual({ ...options, detach: false })
})

test.each([
  [['--speed'], "'--speed'"],
  [['fast'], "'fast'"],
  [['hello.py'], "'hello.py'"],
  [['--port'], '--port'],
  [['--port', '0'], '--port is a number from 1 to 65535'],
  [['--port', '65536'], '65536'],
  [['--port', '1e3'], '1e3'],
  [['--workers', '65'], '--workers is a number from 1 to 64'],
  [['--sandbox', 'none'], "--sandbox is docker or local, not 'none'"],
])('The options %j end with one sentence that says what is wrong, and with code 2', (args, part) => {
  const read = () => readOptions(args)
  expect(read).toThrow(part)
  expect(read).toThrow(/^[^\n]*\(npm start -- --help lists the options\)$/)
  expect(read).toThrow(expect.objectContaining({ exitCode: 2 }))
})
