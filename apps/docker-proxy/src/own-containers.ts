import { text } from 'node:stream/consumers'
import { ENGINE_CALLS } from '@runnel/sandbox/engine-calls'
import { LABEL } from '@runnel/sandbox/labels'
import { z } from 'zod'
import { askEngine } from './ask-engine.ts'
import { Refusal } from './refusal.ts'

const { path: PATH, deadlineMs: DEADLINE_MS } = ENGINE_CALLS.inspect
/** Ids are never used twice and labels never change, so what was found stays true; this only bounds what is kept. */
const KEPT = 10_000

const labelledSchema = z.object({ Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }) })

/** Tells sandboxes from the other containers of the host, which no worker may touch, by their label. */
export const createOwnContainers = (socketPath: string) => {
  const known = new Set<string>()
  return {
    /** Resolves where it is a sandbox, or not there at all, which is the engine's to say. Rejects with a refusal else. */
    async expect(id: string): Promise<void> {
      if (known.has(id)) return
      const request = { method: 'GET', path: PATH.replace('{id}', id), body: undefined }
      const answer = await askEngine(socketPath, request, AbortSignal.timeout(DEADLINE_MS))
      const said = await text(answer)
      if (answer.statusCode === 404) return
      if (answer.statusCode !== 200) throw new Error(`The engine cannot say whose container this is: ${said}`)
      const { Labels } = labelledSchema.parse(JSON.parse(said)).Config
      if (Labels?.[LABEL.ours] === undefined) throw new Refusal(`The container ${id.slice(0, 12)} is no sandbox`)
      if (known.size >= KEPT) known.clear()
      known.add(id)
    },
  }
}
