import { describe, expect, it } from 'vitest'
import { ENOUGH_PER_TENANT } from '../src/docker/capacity.ts'
import { createHandOut } from '../src/docker/hand-out.ts'

const never = new AbortController().signal

const start = (comesBack = true) => {
  let at = 0
  const handOut = createHandOut<string>(comesBack, () => at)
  const got: string[] = []
  const take = (tenantId: string, signal = never) => {
    const taken = handOut.take(tenantId, signal)
    taken.then(
      (container) => got.push(`${tenantId}: ${container}`),
      () => {},
    )
    return taken
  }
  return { handOut, take, got, pass: (ms: number) => (at += ms) }
}

describe('A job', () => {
  it('gets a blank container at once', async () => {
    const { handOut, take } = start()
    handOut.addBlank('one')
    expect(await take('acme')).toBe('one')
    expect(handOut.counts).toEqual({ blank: 0, idle: 0, busy: 1, needed: 0 })
  })

  it('gets the idle one of its tenant that was used last, rather than a blank one', async () => {
    const { handOut, take, pass } = start()
    for (const container of ['one', 'two', 'blank']) handOut.addBlank(container)
    await Promise.all([take('acme'), take('acme')])
    handOut.addIdle('two')
    pass(5)
    handOut.addIdle('one')
    expect(await take('acme')).toBe('one')
  })

  it('never gets one that another tenant has had', async () => {
    const { handOut, take, got } = start()
    handOut.addBlank('one')
    await take('acme')
    handOut.addIdle('one')
    const waiting = take('other')
    expect(handOut.counts).toEqual({ blank: 0, idle: 1, busy: 0, needed: 1 })
    handOut.addBlank('two')
    expect(await waiting).toBe('two')
    expect(got).toEqual(['acme: one', 'other: two'])
  })

  it('that waits gets one that comes back to its tenant, in order', async () => {
    const { handOut, take, got } = start()
    handOut.addBlank('one')
    await take('acme')
    const [second, third] = [take('acme'), take('acme')]
    handOut.addIdle('one')
    await second
    handOut.addIdle('one')
    await third
    expect(got).toEqual(['acme: one', 'acme: one', 'acme: one'])
  })

  it('of a tenant that has the fewest gets the new one, although others wait for longer', async () => {
    const { handOut, take, got } = start()
    handOut.addBlank('one')
    await take('greedy')
    const [second, modest] = [take('greedy'), take('modest')]
    handOut.addBlank('two')
    expect(await modest).toBe('two')
    handOut.addBlank('three')
    await second
    expect(got).toEqual(['greedy: one', 'modest: two', 'greedy: three'])
  })

  it('that stops waiting gets none, and leaves nothing', async () => {
    const { handOut, take } = start()
    const stop = new AbortController()
    const waiting = take('acme', stop.signal)
    stop.abort('canceled')
    await expect(waiting).rejects.toBe('canceled')
    await expect(take('acme', stop.signal)).rejects.toBe('canceled')
    expect(handOut.isAwaited).toBe(false)
    handOut.addBlank('one')
    expect(handOut.counts).toEqual({ blank: 1, idle: 0, busy: 0, needed: 0 })
  })

  it('that has waited for longest gets the error, and then the others', async () => {
    const { handOut, take, pass } = start()
    const first = take('b')
    pass(1)
    const second = take('a')
    expect(handOut.failOne(new Error('no disk'))).toBe(true)
    await expect(first).rejects.toThrow('no disk')
    handOut.failAll(new Error('stopping'))
    await expect(second).rejects.toThrow('stopping')
    expect(handOut.failOne(new Error('none'))).toBe(false)
  })
})

describe('The count of what is needed', () => {
  it('is what a tenant lacks to keep the processors busy, and all that wait once none comes back', () => {
    const { handOut, take, pass } = start()
    for (let jobs = 0; jobs < 100; jobs += 1) void take('acme')
    expect(handOut.counts.needed).toBe(ENOUGH_PER_TENANT)
    pass(200)
    expect(handOut.counts.needed).toBe(100)
  })

  it('falls when one comes back, and counts those that have waited for two seconds', async () => {
    const { handOut, take, pass } = start()
    for (let more = 0; more < ENOUGH_PER_TENANT; more += 1) {
      handOut.addBlank(`${more}`)
      await take('acme')
    }
    for (let jobs = 0; jobs < 30; jobs += 1) void take('acme')
    pass(1_990)
    handOut.addIdle('0')
    expect(handOut.counts.needed).toBe(0)
    pass(10)
    expect(handOut.counts.needed).toBe(29)
  })
})

it('Ready containers are listed blank ones first, then those that were idle for longest', async () => {
  const { handOut, take, pass } = start()
  for (const container of ['one', 'two', 'three']) handOut.addBlank(container)
  await Promise.all([take('a'), take('b')])
  handOut.addIdle('two')
  pass(40)
  handOut.addIdle('one')
  pass(2)
  expect(handOut.ready).toEqual([
    { container: 'three', isBlank: true, readyMs: 42 },
    { container: 'two', isBlank: false, readyMs: 42 },
    { container: 'one', isBlank: false, readyMs: 2 },
  ])
  for (const container of ['one', 'two', 'three']) handOut.remove(container)
  expect(handOut.counts).toEqual({ blank: 0, idle: 0, busy: 0, needed: 0 })
})
