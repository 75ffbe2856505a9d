import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { createWhileConnected } from '../src/while-connected.ts'

test('A signal aborts when its own client goes, and all signals abort when the server closes', () => {
  const closing = new AbortController()
  const whileConnected = createWhileConnected(closing.signal)
  const connections = [new EventEmitter(), new EventEmitter(), new EventEmitter()]
  const signals = connections.map(whileConnected)
  connections[0]?.emit('close')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false])
  closing.abort()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
  expect(whileConnected(new EventEmitter()).aborted).toBe(true)
})
