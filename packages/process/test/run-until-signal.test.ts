import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

const MODULE = new URL('../src/index.ts', import.meta.url).href

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const start = (main: string): { child: ChildProcess; ended: Promise<Ended>; says: (word: string) => Promise<void> } => {
  const script = `import { boundRelease, runUntilSignal, StartError } from ${JSON.stringify(MODULE)}\n${main}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, out, err }))
  const says = async (word: string): Promise<void> => {
    while (!out.includes(word)) await once(child.stdout, 'data')
  }
  return { child, ended, says }
}

const FOREVER = 'setInterval(() => {}, 1e6);'

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s releases all resources, last one first, and exits with 0',
  async (name) => {
    const { child, ended, says } = start(`
    await runUntilSignal(async (signal, resources) => {
      for (const name of ['first', 'second']) resources.defer(() => console.log('released', name))
      signal.addEventListener('abort', () => console.log('aborted'))
      console.log('ready')
    })`)
    await says('ready')
    child.kill(name)
    expect(await ended).toEqual({ code: 0, out: 'ready\naborted\nreleased second\nreleased first\n', err: '' })
  },
)

test('a second signal ends the process at once with exit code 1', async () => {
  const { child, ended, says } = start(`
    await runUntilSignal(async (signal, resources) => {
      resources.defer(() => { console.log('releasing'); return new Promise(() => {}) })
      console.log('ready')
      ${FOREVER}
    })`)
  await says('ready')
  child.kill('SIGTERM')
  await says('releasing')
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 1, out: 'ready\nreleasing\n', err: '' })
})

test('a process whose resources are never released exits at the bound, and says so', async () => {
  const { child, ended, says } = start(`
    await runUntilSignal(async (signal, resources) => {
      resources.use(boundRelease(signal, 100))
      resources.defer(() => new Promise(() => {}))
      console.log('ready')
      ${FOREVER}
    })`)
  await says('ready')
  child.kill('SIGTERM')
  expect(await ended).toEqual({
    code: 1,
    out: 'ready\n',
    err: 'Not everything was released within 100 ms: exiting without the rest\n',
  })
})

test('a StartError is shown as one sentence, after all resources are released', async () => {
  const { ended } = start(`
    await runUntilSignal(async (_signal, resources) => {
      resources.defer(() => console.log('released'))
      throw new StartError('Port 8080 is taken: choose another with RUNNEL_API_PORT')
    })`)
  expect(await ended).toEqual({
    code: 1,
    out: 'released\n',
    err: 'Port 8080 is taken: choose another with RUNNEL_API_PORT\n',
  })
})

test('any other error is shown with its stack', async () => {
  const { ended } = start(`await runUntilSignal(async () => { throw new Error('our own fault') })`)
  const { code, err } = await ended
  expect(code).toBe(1)
  expect(err).toMatch(/our own fault\n\s+at /)
})

test('a handle that is left open does not keep a stopped process alive', async () => {
  const { child, ended, says } = start(`
    await runUntilSignal(async () => { ${FOREVER} console.log('ready') })`)
  await says('ready')
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 0, out: 'ready\n', err: '' })
})
