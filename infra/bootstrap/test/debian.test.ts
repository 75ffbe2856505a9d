import { expect, test } from 'vitest'
import { findProxy } from '../prepare/debian.ts'

test('The proxy of apt is the one for all hosts, not that of a single host', () => {
  const single = 'Acquire::http::Proxy::mirror.example DIRECT'
  expect(findProxy(`Acquire::http::Proxy http://proxy.example:3128\n${single}`)).toBe('http://proxy.example:3128')
  expect(findProxy(`Acquire::http::Proxy \n${single}`)).toBeUndefined()
  expect(findProxy('')).toBeUndefined()
})
