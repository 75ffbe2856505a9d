import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { holdKey } from '../../../apps/api/test/key-holder.ts'
import { type JobEvent, RunnelApiError, RunnelTicketError, type TicketNeed } from '../src/index.ts'
import { type Reachable, clientTest as test } from './client-test.ts'

/** The server of a page: it has a key, and makes tickets for the page. */
const startIssuing = async ({ api, url }: Reachable) => {
  const { headers } = await holdKey(api)
  const needs: TicketNeed[] = []
  const issue = async (need: TicketNeed): Promise<string> => {
    const body = JSON.stringify(need)
    const answer = await fetch(`${url}/v1/tickets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    })
    if (!answer.ok) throw new Error(await answer.text())
    const { ticket } = await answer.json()
    return ticket
  }
  const getTicket = async (need: TicketNeed): Promise<string> => {
    needs.push(need)
    return issue(need)
  }
  return { needs, getTicket, issue }
}

describe('A client with tickets', () => {
  test('submits, follows, writes and cancels, all on one WebSocket with one ticket', async ({ start }) => {
    const reachable = await start()
    const { needs, getTicket } = await startIssuing(reachable)
    const runnel = reachable.connect({ getTicket })
    const { stdout, outcome } = await runnel.run('input\nwait', {
      language: 'python',
      interactive: true,
      async onAccepted({ id }) {
        await runnel.jobs.sendInput(id, { data: 'typed', end: true })
        await runnel.jobs.cancel(id)
      },
    })
    expect([stdout, outcome]).toEqual(['typed', { type: 'canceled' }])
    expect(needs).toEqual([{ jobIds: [], submissions: true }])
    expect(reachable.api.app.websocketServer.clients.size).toBe(1)
  })

  test('asks for a fresh ticket for each connection, and names the jobs it will use', async ({ start }) => {
    const reachable = await start()
    const { needs, getTicket } = await startIssuing(reachable)
    const runnel = reachable.connect({ getTicket })
    const { id } = await runnel.jobs.submit({ language: 'python', code: 'out a\ninput\nout b', interactive: true })
    let text = ''
    let typed: Promise<void> | undefined
    const onConnection = ({ state }: { readonly state: string }): void => {
      if (state === 'resumed') typed ??= runnel.jobs.sendInput(id, { data: '-', end: true })
    }
    for await (const event of runnel.jobs.follow(id, { onConnection })) {
      if (event.type !== 'stdout') continue
      text += event.data
      if (event.data === 'a\n') reachable.gate.cut()
    }
    await typed
    expect(text).toBe('a\n-b\n')
    expect(needs).toEqual([
      { jobIds: [], submissions: true },
      { jobIds: [id], submissions: false },
    ])
  })

  test('asks for one ticket for jobs that it begins to follow together', async ({ start }) => {
    const reachable = await start()
    const { needs, getTicket, issue } = await startIssuing(reachable)
    const submitter = reachable.connect({ getTicket: issue })
    const ids = await Promise.all(
      ['a', 'b'].map(async (text) => (await submitter.jobs.submit({ language: 'python', code: `out ${text}` })).id),
    )
    const runnel = reachable.connect({ getTicket })
    const collect = async (id: string): Promise<JobEvent[]> => {
      const events: JobEvent[] = []
      for await (const event of runnel.jobs.follow(id)) events.push(event)
      return events
    }
    const followed = await Promise.all(ids.map(collect))
    expect(followed.map((events) => events.at(-1)?.type)).toEqual(['finished', 'finished'])
    expect(needs).toEqual([{ jobIds: ids, submissions: false }])
  })

  test('follows with a fresh ticket in a header where WebSockets are refused', async ({ start }) => {
    const reachable = await start()
    const { needs, getTicket, issue } = await startIssuing(reachable)
    const submitter = reachable.connect({ getTicket: issue })
    const { id } = await submitter.jobs.submit({ language: 'python', code: 'out a' })
    reachable.gate.refuseSockets()
    const runnel = reachable.connect({ getTicket })
    const transports: string[] = []
    const types: string[] = []
    const onConnection = ({ state, transport }: { state: string; transport: string }) =>
      transports.push(`${state} ${transport}`)
    for await (const { type } of runnel.jobs.follow(id, { onConnection })) types.push(type)
    expect(types).toEqual(['queued', 'started', 'stdout', 'finished'])
    expect(transports).toEqual(['connecting websocket', 'open ndjson'])
    expect(needs).toEqual([
      { jobIds: [id], submissions: false },
      { jobIds: [id], submissions: false },
    ])
  })

  test('is refused with a ticket that was used before', async ({ start }) => {
    const reachable = await start()
    const { issue } = await startIssuing(reachable)
    const submitter = reachable.connect({ getTicket: issue })
    const { id } = await submitter.jobs.submit({ language: 'python', code: 'out a' })
    const ticket = await issue({ jobIds: [id], submissions: false })
    const runnel = reachable.connect({ getTicket: async () => ticket })
    const follow = async (): Promise<string[]> => {
      const types: string[] = []
      for await (const { type } of runnel.jobs.follow(id)) types.push(type)
      return types
    }
    expect((await follow()).at(-1)).toBe('finished')
    await eventually(() => expect(reachable.api.app.websocketServer.clients.size).toBe(1))
    runnel.close()
    const error = await follow().catch((thrown: unknown) => thrown)
    if (!(error instanceof RunnelApiError)) throw error
    expect([error.code, error.status]).toEqual(['unauthorized', 401])
  })

  test('throws a typed error for what no ticket allows', async ({ start }) => {
    const reachable = await start()
    const { needs, getTicket } = await startIssuing(reachable)
    const runnel = reachable.connect({ getTicket })
    const id = `job_${'0'.repeat(32)}`
    const calls = [
      runnel.jobs.get(id),
      runnel.jobs.program(id),
      runnel.jobs.list(),
      runnel.languages(),
      runnel.request('GET', '/v1/workers'),
    ]
    const results = await Promise.allSettled(calls)
    const errors = results.map((result) => (result.status === 'rejected' ? result.reason : result.value))
    expect(errors.map((error) => error instanceof RunnelTicketError)).toEqual(calls.map(() => true))
    expect(errors[0].message).toBe(
      'Cannot read a job with a ticket: it allows to submit, follow, write to and cancel jobs; ask your own server for the rest',
    )
    expect(needs).toEqual([])
  })

  test('says so if getTicket gives none, and passes on why it failed', async ({ start }) => {
    const { connect } = await start()
    const nothing = connect({ getTicket: async () => '' })
    await expect(nothing.run('out a')).rejects.toThrow('getTicket gave no ticket')
    const why = new RunnelTicketError('The person is not signed in')
    const failing = connect({ getTicket: () => Promise.reject(why) })
    await expect(failing.run('out a')).rejects.toBe(why)
  })
})
