import { expect, it } from 'vitest'
import { toWindow } from '../src/agent/dial.ts'

const KIB = 1024

it('Connections to a sandbox share what may be under way, and each has some of it', () => {
  expect([0, 15, 31, 63, 199].map((open) => toWindow(open) / KIB)).toEqual([512, 512, 256, 128, 64])
})
