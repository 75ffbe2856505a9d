import { createClientFrameSchema, LIMITS } from '@runnel/contract/public'
import fc from 'fast-check'
import type { House } from './house.ts'
import { jsonTexts } from './json-texts.ts'
import { valuesOf } from './values-of.ts'

/** What a client sends on a WebSocket: a message, whole or in pieces. */
export interface Sent {
  readonly data: Buffer
  readonly isBinary: boolean
  readonly pieces: number
}

/** Frames from the schema, unchanged or with one change, and more that submit, because the schema alone makes few valid ones. */
export const framesFor = ({ words, bodies }: House): fc.Arbitrary<Sent> => {
  const submits = fc.record({ type: fc.constant('submit'), job: bodies['POST /v1/jobs'] ?? fc.constant({}) })
  const texts = fc.oneof(
    { weight: 20, arbitrary: jsonTexts(valuesOf(createClientFrameSchema(LIMITS), words)) },
    { weight: 1, arbitrary: submits.map((frame) => JSON.stringify(frame)) },
  )
  return fc.record({
    data: texts.map((text) => Buffer.from(text)),
    isBinary: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    pieces: fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }) },
    ),
  })
}
