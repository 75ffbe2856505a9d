import { text } from 'node:stream/consumers'
import { ENGINE_CALLS } from '@runnel/sandbox/engine-calls'
import { LABEL } from '@runnel/sandbox/labels'
import { z } from 'zod'
import { askEngine } from './ask-engine.ts'
import { Refusal } from './refusal.ts'

const { path: PATH, deadlineMs: DEADLINE_MS } = ENGINE_CALLS.inspect
/** Ids are never used twice and labels never change, so a result stays true. This only limits the memory for them. */
const MAX_KNOWN = 10_000

const labelledSchema = z.object({ Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }) })

/** Knows by their label which containers are sandboxes. No worker may touch the other containers of the host. */
export const createOwnContainers = (socketPath: string) => {
  const known = new Set<string>()
  return {
    /** Rejects with a Refusal if it is another container. One that does not exist passes: the engine says so itself. */
    async expect(id: string): Promise<void> {
      if (known.has(id)) return
      const request = { method: 'GET', path: PATH.replace('{id}', id), body: undefined }
      const answer = await askEngine(socketPath, request, AbortSignal.timeout(DEADLINE_MS))
      const body = await text(answer)
      if (answer.statusCode === 404) return
      if (answer.statusCode !== 200) throw new Error(`The engine cannot say whose container this is: ${body}`)
      const { Labels } = labelledSchema.parse(JSON.parse(body)).Config
      if (Labels?.[LABEL.ours] === undefined) throw new Refusal(`The container ${id.slice(0, 12)} is not a sandbox`)
      if (known.size >= MAX_KNOWN) known.clear()
      known.add(id)
    },
  }
}
