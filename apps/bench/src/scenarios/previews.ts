import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Sandbox } from '@runnel/client'
import type { Bench } from '../bench.ts'
import { type Row, toRow } from '../report/row.ts'
import { findFreePort } from '../system/free-port.ts'
import type { Scenario } from './scenario.ts'

const MIB = 1024 * 1024
const BIG_MIB = 10
const ROUNDS = 100
const BIG_ROUNDS = 10
const WARM_UP = 10
const CLIENTS = 16
const LOAD_MS = 5_000
const READY_WITHIN_MS = 20_000

/** The same program in a sandbox and in a container: it says hello, or sends ten megabytes. */
const toProgram = (port: number): string =>
  `const big = Buffer.alloc(${BIG_MIB * MIB}, 'x')
require('node:http').createServer(({ url }, response) => response.end(url === '/big' ? big : 'hello')).listen(${port}, '127.0.0.1')`

interface Target {
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
}

/** A whole answer: when its first byte came, and how many there were. */
const ask = async ({ port, headers }: Target, agent: Agent, path: string) => {
  const started = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  httpRequest({ host: '127.0.0.1', port, path, agent, headers }).once('response', resolve).once('error', reject).end()
  const answer = await promise
  if (answer.statusCode !== 200) throw new Error(`The program answered ${answer.statusCode}`)
  let firstByteMs = 0
  let bytes = 0
  for await (const part of answer) {
    if (bytes === 0) firstByteMs = performance.now() - started
    bytes += part.length
  }
  return { firstByteMs, bytes, tookMs: performance.now() - started }
}

const untilReady = async (target: Target): Promise<void> => {
  const agent = new Agent()
  for (const deadline = performance.now() + READY_WITHIN_MS; ; ) {
    try {
      await ask(target, agent, '/')
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(50)
    }
  }
}

/** One client after another, in turn with the other target. */
const measureInTurn = async (targets: readonly Target[], path: string, rounds: number) => {
  const agents = targets.map(() => new Agent({ keepAlive: true }))
  const samples = targets.map(() => [] as { firstByteMs: number; bytes: number; tookMs: number }[])
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const [index, target] of targets.entries()) {
      const agent = agents[index]
      if (agent === undefined) continue
      const sample = await ask(target, agent, path)
      if (round >= 0) samples[index]?.push(sample)
    }
  }
  for (const agent of agents) agent.destroy()
  return samples
}

const measureLoad = async (target: Target): Promise<number> => {
  const agent = new Agent({ keepAlive: true })
  const until = performance.now() + LOAD_MS
  let count = 0
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      await ask(target, agent, '/')
      count += 1
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  agent.destroy()
  return count / (LOAD_MS / 1_000)
}

/** The program in a container of the same image, in the host's network: nothing is between it and its client. */
const startContainer = async (bench: Bench, port: number): Promise<AsyncDisposable> => {
  const name = `runnel-bench-preview-${port}`
  const options = ['--rm', '--name', name, '--label', bench.label, '--network', 'host', '--entrypoint', 'node']
  const child = spawn('docker', ['run', ...options, 'runnel/javascript', '-e', toProgram(port)], { stdio: 'ignore' })
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close')
      spawn('docker', ['rm', '-f', name], { stdio: 'ignore' })
      await ended
    },
  }
}

export const previews: Scenario = {
  says: `previews: a program in a sandbox, in turn with the same one in a container without anything between; ${CLIENTS} clients at once`,
  async run(bench): Promise<readonly Row[]> {
    const system = await bench.system()
    const port = await findFreePort()
    await using sandbox = await Sandbox.create({ baseUrl: system.url, template: 'javascript' })
    await using _container = await startContainer(bench, port)
    await sandbox.files.write('program.js', toProgram(port))
    await sandbox.commands.run('node program.js', { background: true })
    const api = new URL(system.url)
    const headers = { host: `${port}-${sandbox.id}.localhost`, 'x-access-token': sandbox.accessToken ?? '' }
    const ours: Target = { port: Number(api.port), headers }
    const direct: Target = { port, headers: {} }
    await Promise.all([untilReady(ours), untilReady(direct)])
    await system.untilQuiet()
    const [oursSmall = [], directSmall = []] = await measureInTurn([ours, direct], '/', ROUNDS)
    const [oursBig = [], directBig = []] = await measureInTurn([ours, direct], '/big', BIG_ROUNDS)
    const toSpeed = ({ tookMs }: { tookMs: number }): number => BIG_MIB / (tookMs / 1_000)
    return [
      toRow(
        'runnel-sandbox',
        'first byte of a preview',
        'ms',
        oursSmall.map(({ firstByteMs }) => firstByteMs),
      ),
      toRow(
        'container',
        'first byte of a preview',
        'ms',
        directSmall.map(({ firstByteMs }) => firstByteMs),
      ),
      toRow('runnel-sandbox', `${BIG_MIB} MiB of a preview`, 'MiB per second', oursBig.map(toSpeed)),
      toRow('container', `${BIG_MIB} MiB of a preview`, 'MiB per second', directBig.map(toSpeed)),
      toRow('runnel-sandbox', 'requests to a preview', 'per second', [await measureLoad(ours)]),
      toRow('container', 'requests to a preview', 'per second', [await measureLoad(direct)]),
    ]
  },
}
