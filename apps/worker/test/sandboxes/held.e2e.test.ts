import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { workerListSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { startSystem } from '@runnel/testing/system'
import { describe, expect } from 'vitest'
import { background, createSandboxCalls, newCommandId } from './sandbox-calls.ts'

const MIB = 1024 * 1024

describe('A lasting sandbox', () => {
  test('begins from the queue, runs commands, keeps files, and ends as each of its rules says', async ({
    redisUrl,
    prefix,
    redis,
    redisKeys,
  }) => {
    await using system = await startSystem({ redisUrl, prefix })
    await using calls = await createSandboxCalls({ redisUrl, prefix })
    const { gateway, records } = calls
    const id = await calls.create({
      files: [{ path: 'given/data.csv', content: 'a,b\n1,2\n', encoding: 'utf8' }],
      env: { GREETING: 'hello' },
      metadata: { chat: '7' },
    })

    // Its commands share what it has.
    expect(await calls.run(id, 'echo "$GREETING" > said.txt; pwd; cat given/data.csv')).toEqual({
      output: '/home/user\na,b\n1,2\n',
      outcome: { type: 'exited', exitCode: 0 },
    })
    expect((await calls.run(id, 'cat said.txt; exit 3')).outcome).toEqual({ type: 'exited', exitCode: 3 })

    // A server in the background gets input and signals, and is asked for what it printed.
    const server = { ...background('while read line; do echo "got $line"; done; echo end'), interactive: true }
    const { commandId } = server
    const { answer: started } = await gateway.call(id, 'start-command', server)
    expect(started).toMatchObject({ id: commandId, status: 'running', background: true, tty: false })
    await gateway.call(
      id,
      'stdin',
      { commandId },
      { body: Readable.from([Buffer.from('one\n'), Buffer.from('two\n')]) },
    )
    await gateway.call(id, 'stdin-end', { commandId })
    const { body: events } = await gateway.call(id, 'command-events', { commandId, follow: true })
    const lines = Buffer.concat(await events.toArray())
      .toString()
      .trim()
      .split('\n')
    const read = lines.map((line) => JSON.parse(line))
    expect(read.flatMap(({ data = '' }) => data).join('')).toBe('got one\ngot two\nend\n')
    expect(read.at(-1)).toMatchObject({ type: 'finished', outcome: { type: 'exited', exitCode: 0 } })
    await expect(gateway.call(id, 'stdin', { commandId })).rejects.toMatchObject({ code: 'command-finished' })

    // Bytes go up and down as they are.
    const bytes = randomBytes(8 * MIB)
    const { answer: written } = await gateway.call(
      id,
      'write-file',
      { path: 'big.bin' },
      // Bytes that are sent are given up.
      { body: Readable.from([Buffer.from(bytes)]) },
    )
    expect(written.sizeBytes).toBe(bytes.length)
    const { body: down } = await gateway.call(id, 'read-file', { path: '/home/user/big.bin' })
    expect(Buffer.concat(await down.toArray()).equals(bytes)).toBe(true)
    await expect(gateway.call(id, 'read-file', { path: 'none' })).rejects.toMatchObject({ code: 'file-not-found' })

    // A terminal shows what is typed; who comes back sees it again.
    const terminal = { commandId: newCommandId(), env: {}, cols: 80, rows: 24 }
    const first = await gateway.connect(id, 'terminal', { ...terminal, isNew: true })
    const shows = async (stream: Readable, text: string): Promise<void> => {
      let seen = ''
      for await (const part of stream) {
        seen += String(part)
        if (seen.includes(text)) return
      }
      throw new Error(`The terminal closed after ${JSON.stringify(seen)}`)
    }
    first.stream.write('echo $((6*7))-$COLUMNS\n')
    await shows(first.stream, '42-80')
    const again = await gateway.connect(id, 'terminal', { ...terminal, cols: 100, isNew: false })
    await shows(again.stream, '42-80')

    // Frozen, it refuses; its time goes on.
    await gateway.call(id, 'pause', {})
    expect(await records.read(id)).toMatchObject({ status: 'paused', tenantId: 'acme', metadata: { chat: '7' } })
    await expect(gateway.call(id, 'read-file', { path: 'said.txt' })).rejects.toMatchObject({ code: 'sandbox-paused' })
    await gateway.call(id, 'resume', {})
    expect((await calls.run(id, 'cat said.txt')).output).toBe('hello\n')

    // Each ends in its own way, and its streams end with it.
    const waiting = calls.run(id, 'sleep 600')
    const [timedOut, idle] = await Promise.all([
      calls.create({ timeoutMs: 1_500 }),
      calls.create({ idleTimeoutMs: 1_000 }),
    ])
    const changed = await calls.create({ workDir: '/home/user/not/there' })
    expect((await calls.run(changed, 'pwd')).output).toBe('/home/user/not/there\n')
    await gateway.call(changed, 'set-times', { timeoutMs: 1_000 })
    await gateway.call(id, 'delete', {})
    expect(await calls.ending(id)).toBe('deleted')
    await expect(waiting).rejects.toMatchObject({ code: 'sandbox-ended', ending: 'deleted' })
    await expect(gateway.call(id, 'metrics', {})).rejects.toMatchObject({ code: 'sandbox-ended', ending: 'deleted' })
    expect(await calls.ending(timedOut)).toBe('timed-out')
    expect(await calls.ending(idle)).toBe('idle')
    expect(await calls.ending(changed)).toBe('timed-out')

    await eventually(async () => {
      expect(await redis.zcard(redisKeys.sandboxes)).toBe(0)
      expect(await redis.keys(redisKeys.lease('*'))).toEqual([])
      const { workers } = workerListSchema.parse(await (await system.call('GET', '/v1/workers')).json())
      expect(workers).toMatchObject([{ sandboxes: { running: 0 } }])
    })
  })
})
