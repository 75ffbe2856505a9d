import { once } from 'node:events'
import type { JobEvent, ServerFrame, SubmissionRequest } from '@runnel/contract/public'
import { WebSocket } from 'ws'

type Finished = Extract<JobEvent, { type: 'finished' }>

/** One WebSocket of `/v1/stream`, with any number of jobs on it. */
export interface StreamClient extends Disposable {
  /** Submits a job and passes on its events. Resolves with the last one. */
  run(job: SubmissionRequest, onEvent: (event: JobEvent) => void): Promise<Finished>
}

interface Pending extends PromiseWithResolvers<Finished> {
  readonly onEvent: (event: JobEvent) => void
}

export const openStreamClient = async (url: string): Promise<StreamClient> => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, { perMessageDeflate: false })
  const submitted = new Map<string, Pending>()
  const accepted = new Map<string, Pending>()
  let refs = 0

  const failAll = (error: Error) => {
    for (const { reject } of [...submitted.values(), ...accepted.values()]) reject(error)
    submitted.clear()
    accepted.clear()
  }
  const take = (frame: ServerFrame) => {
    switch (frame.type) {
      case 'accepted': {
        const pending = submitted.get(frame.ref ?? '')
        if (pending === undefined) return
        submitted.delete(frame.ref ?? '')
        accepted.set(frame.job.id, pending)
        return
      }
      case 'event': {
        const { event } = frame
        const pending = accepted.get(event.jobId)
        pending?.onEvent(event)
        if (event.type !== 'finished') return
        accepted.delete(event.jobId)
        pending?.resolve(event)
        return
      }
      case 'error':
        submitted.get(frame.ref ?? '')?.reject(new Error(frame.error.message))
        accepted.get(frame.jobId ?? '')?.reject(new Error(frame.error.message))
        return
      case 'ok':
        return
    }
  }
  socket.on('message', (data) => take(JSON.parse(data.toString())))
  socket.on('error', failAll)
  socket.on('close', () => failAll(new Error('The stream was closed')))
  await once(socket, 'open')

  return {
    run(job, onEvent) {
      refs += 1
      const ref = `${refs}`
      const pending = { ...Promise.withResolvers<Finished>(), onEvent }
      submitted.set(ref, pending)
      socket.send(JSON.stringify({ type: 'submit', ref, job }))
      return pending.promise
    },
    [Symbol.dispose]: () => socket.terminate(),
  }
}
