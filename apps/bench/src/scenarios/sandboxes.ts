import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Sandbox } from '@runnel/client'
import type { Bench } from '../bench.ts'
import type { Row } from '../report/row.ts'
import { toRow } from '../report/row.ts'
import { readMemory } from '../system/process-memory.ts'
import type { System } from '../system/system.ts'
import type { Scenario } from './scenario.ts'

const MIB = 1024 * 1024
const ROUNDS = 40
const FILE_MIB = 100
const FILE_ROUNDS = 3
const ECHOES = 60
/** As in `sequential`: Node compiles code that is used often, and a service that has just started has none of it. */
const WARM_UP_MS = 4_000
/** Each waits for the engine, so there are few. */
const WARM_UP_CREATES = 5
/** Memory is read this often while a file is on its way. */
const LOOK_MS = 20

const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await act()
  return performance.now() - started
}

/** What a shell costs on the bare machine, to its exit. */
const spawnTrue = async (): Promise<void> => {
  await once(spawn('sh', ['-c', 'true'], { stdio: 'ignore' }), 'close')
}

const runTrue = async (sandbox: Sandbox): Promise<void> => {
  const { exitCode } = await sandbox.commands.run('true')
  if (exitCode !== 0) throw new Error(`\`true\` ended with ${exitCode}`)
}

/** In turn with a shell on the bare machine. `between` and the first rounds are not measured. */
const inTurn = async (act: () => Promise<void>, between: () => Promise<unknown>, warmUp: number) => {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = -warmUp; round < ROUNDS; round += 1) {
    await between()
    const oursMs = await timed(act)
    const bareMs = await timed(spawnTrue)
    if (round < 0) continue
    ours.push(oursMs)
    bare.push(bareMs)
  }
  return { ours, bare }
}

/** First in a living one alone: an engine that removes and makes containers would slow it. */
const measureCommands = async (system: System): Promise<Row[]> => {
  const connection = { baseUrl: system.url }
  await using sandbox = await Sandbox.create(connection)
  await system.untilQuiet()
  for (const until = performance.now() + WARM_UP_MS; performance.now() < until; ) await runTrue(sandbox)
  const living = await inTurn(
    () => runTrue(sandbox),
    async () => {},
    0,
  )
  let made: Sandbox | undefined
  const created = await inTurn(
    async () => {
      made = await Sandbox.create(connection)
      await runTrue(made)
    },
    async () => {
      await made?.kill()
      await system.untilQuiet()
    },
    WARM_UP_CREATES,
  )
  await made?.kill()
  return [
    toRow('runnel-sandbox', 'created, first command finished', 'ms', created.ours),
    toRow('runnel-sandbox', 'command in a living one, finished', 'ms', living.ours),
    toRow('bare-shell', 'finished, beside creates', 'ms', created.bare),
    toRow('bare-shell', 'finished, beside commands', 'ms', living.bare),
  ]
}

const run = async (command: string, args: readonly string[]): Promise<string> => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ended with ${code}`)
  return output.trim()
}

/** The most that API and worker together grow by, while `act` goes on. */
const watchGrowth = async (system: System, act: () => Promise<void>): Promise<number> => {
  const read = () => (readMemory(system.api.pid) ?? 0) + (readMemory(system.worker.pid) ?? 0)
  const before = read()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, read())
  }, LOOK_MS)
  try {
    await act()
  } finally {
    clearInterval(timer)
  }
  return (most - before) / MIB
}

/** A file up and down, in turn with `docker cp`. */
const measureFiles = async (bench: Bench, system: System): Promise<Row[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-bench-'))
  const local = join(folder, 'file')
  await writeFile(local, Buffer.alloc(FILE_MIB * MIB, 'runnel'))
  const options = [
    '--rm',
    '-d',
    '--label',
    bench.label,
    '--network',
    'none',
    '--tmpfs',
    '/data',
    '--entrypoint',
    'sleep',
  ]
  const container = await run('docker', ['run', ...options, 'runnel/python', 'infinity'])
  const bytes = new Uint8Array(FILE_MIB * MIB)
  const speeds = { up: [] as number[], down: [] as number[], cpUp: [] as number[], cpDown: [] as number[] }
  const growth: number[] = []
  const toSpeed = (ms: number): number => FILE_MIB / (ms / 1_000)
  try {
    await using sandbox = await Sandbox.create({ baseUrl: system.url, limits: { memoryBytes: 1024 * MIB } })
    for (let round = 0; round < FILE_ROUNDS; round += 1) {
      growth.push(
        await watchGrowth(system, async () => {
          speeds.up.push(toSpeed(await timed(() => sandbox.files.write('file', bytes))))
          const download = async () => {
            let got = 0
            for await (const piece of await sandbox.files.read('file', { as: 'stream' })) got += piece.length
            if (got !== bytes.length) throw new Error(`${got} bytes came instead of ${bytes.length}`)
          }
          speeds.down.push(toSpeed(await timed(download)))
        }),
      )
      speeds.cpUp.push(toSpeed(await timed(() => run('docker', ['cp', local, `${container}:/root/file`]))))
      const back = join(folder, 'back')
      speeds.cpDown.push(toSpeed(await timed(() => run('docker', ['cp', `${container}:/root/file`, back]))))
      if ((await stat(back)).size !== bytes.length) throw new Error('docker cp copied something else')
    }
  } finally {
    await run('docker', ['rm', '-f', container])
    await rm(folder, { recursive: true, force: true })
  }
  return [
    toRow('runnel-sandbox', 'file up', 'MiB per second', speeds.up),
    toRow('docker-cp', 'file up', 'MiB per second', speeds.cpUp),
    toRow('runnel-sandbox', 'file down', 'MiB per second', speeds.down),
    toRow('docker-cp', 'file down', 'MiB per second', speeds.cpDown),
    toRow('runnel-sandbox', 'API and worker grow by', 'MiB', growth),
  ]
}

/** From a key to its echo. */
const measureEcho = async (system: System): Promise<Row> => {
  await using sandbox = await Sandbox.create({ baseUrl: system.url })
  let shown = Promise.withResolvers<void>()
  let text = ''
  const decoder = new TextDecoder()
  const terminal = await sandbox.pty.create({
    onData: (bytes) => {
      text += decoder.decode(bytes)
      shown.resolve()
      shown = Promise.withResolvers()
    },
  })
  const samples: number[] = []
  // It is typed with a break in the word, so that its echo is not its output.
  terminal.write('echo rea""dy; cat\r')
  while (!text.includes('ready')) await shown.promise
  for (let index = 0; index < ECHOES; index += 1) {
    const echo = shown.promise
    samples.push(
      await timed(async () => {
        terminal.write('x')
        await echo
      }),
    )
  }
  await terminal.kill()
  return toRow('runnel-sandbox', 'terminal, echo', 'ms', samples)
}

export const sandboxes: Scenario = {
  says: `lasting sandboxes: ${ROUNDS} commands in turn with a bare shell, ${FILE_MIB} MiB in turn with docker cp, keys in a terminal`,
  async run(bench) {
    const system = await bench.system()
    return [...(await measureCommands(system)), ...(await measureFiles(bench, system)), await measureEcho(system)]
  },
}
