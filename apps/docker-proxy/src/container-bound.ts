import { text } from 'node:stream/consumers'
import { ENGINE_CALLS } from '@runnel/sandbox/engine-calls'
import { LABEL } from '@runnel/sandbox/labels'
import { z } from 'zod'
import { askEngine } from './ask-engine.ts'
import { Refusal } from './refusal.ts'

const { path: PATH, deadlineMs: DEADLINE_MS } = ENGINE_CALLS.list
const FILTERS = encodeURIComponent(JSON.stringify({ label: [LABEL.ours] }))

/**
 * Bounds how many sandboxes there are, of all workers together. It counts those that it lets through, and asks the engine
 * how many are left only when there may be too many.
 */
export const createContainerBound = (socketPath: string, maximum: number) => {
  let most = Number.POSITIVE_INFINITY

  const count = async (): Promise<number> => {
    const request = { method: 'GET', path: `${PATH}?all=true&filters=${FILTERS}`, body: undefined }
    const answer = await askEngine(socketPath, request, AbortSignal.timeout(DEADLINE_MS))
    const body = await text(answer)
    if (answer.statusCode !== 200) throw new Error(`The engine cannot say how many sandboxes there are: ${body}`)
    return z.array(z.unknown()).parse(JSON.parse(body)).length
  }

  return {
    /** Call it before each new sandbox. Rejects with a Refusal if there is no room for it. */
    async expectRoom(): Promise<void> {
      if (most >= maximum) most = await count()
      if (most >= maximum) {
        throw new Refusal(`One more sandbox: there are ${maximum}, which is the most (RUNNEL_PROXY_CONTAINERS)`)
      }
      most += 1
    },
  }
}
