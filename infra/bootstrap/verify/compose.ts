// Brings docker-compose.yml up with three workers, runs programs through it, and checks that several workers ran them and
// that nothing is left after it is down. It has its own project, images and port.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { docker } from '../command.ts'
import { NAME, ROOT } from '../places.ts'
import { runProgram, untilReady } from '../run/api.ts'
import { findFreePort } from '../run/port.ts'

const WORKERS = 3
const JOBS = 60
const TIMEOUT_MS = 15 * 60_000
const LOG_TRIES = 20
const LOG_PAUSE_MS = 250
const PROJECT = `runnel-test-${NAME}`
const IMAGES = `runnel-test-${NAME}/`
const CERTIFICATES = join(ROOT, 'infra/docker/certificates')

type Compose = (...args: readonly string[]) => void

const createCompose =
  ([command = '', ...words]: readonly string[], settings: NodeJS.ProcessEnv): Compose =>
  (...args) => {
    const { status } = spawnSync(command, [...words, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    assert.equal(status, 0, `compose ${args[0]} failed`)
  }

/** If this machine trusts more authorities than Node does, the image builds need them too. */
const copyCertificates = (): Disposable => {
  const bundle = process.env['NODE_EXTRA_CA_CERTS']
  const copy = join(CERTIFICATES, 'test-compose.crt')
  const isNeeded = bundle !== undefined && !readdirSync(CERTIFICATES).some((name) => name.endsWith('.crt'))
  if (isNeeded) copyFileSync(bundle, copy)
  return { [Symbol.dispose]: () => rmSync(copy, { force: true }) }
}

/** One of each image, and one that needs the compiler in the image of JavaScript. */
const PROGRAMS = [
  (number: number) => ({ language: 'python', code: `print(${number} * 2)` }),
  (number: number) => ({ language: 'javascript', code: `console.log(${number} * 2)` }),
  (number: number) => ({ language: 'typescript', code: `enum Of { Job = ${number} }\nconsole.log(Of.Job * 2)` }),
]

const runJobs = async (url: string, signal: AbortSignal): Promise<void> => {
  const numbers = Array.from({ length: JOBS }, (_, index) => index)
  await Promise.all(
    numbers.map(async (number) => {
      let printed = ''
      const program = PROGRAMS[number % PROGRAMS.length]?.(number)
      assert.ok(program)
      const { outcome } = await runProgram(url, program, (text) => (printed += text), signal)
      assert.deepEqual({ outcome, printed }, { outcome: { type: 'exited', exitCode: 0 }, printed: `${number * 2}\n` })
    }),
  )
}

/** The page, and the first file that it names, as a browser asks for them. */
const checkPage = async (url: string, signal: AbortSignal): Promise<void> => {
  const page = await fetch(url, { headers: { accept: 'text/html' }, signal })
  const [, script] = /<script [^>]*src="(\/assets\/[^"]+)"/.exec(await page.text()) ?? []
  assert.ok(page.ok && script !== undefined, `There is no page: ${page.status}`)
  const file = await fetch(`${url}${script}`, { headers: { 'accept-encoding': 'br' }, signal })
  assert.deepEqual([file.status, file.headers.get('content-encoding')], [200, 'br'])
}

const postJson = async (url: string, body: object, signal: AbortSignal): Promise<Record<string, unknown>> => {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
  const text = await answer.text()
  assert.ok(answer.ok, `POST ${url} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}

/** The API reaches a sandbox at the gateway of the worker that holds it. Its files come from a volume that API and workers share. */
const checkSandbox = async (url: string, signal: AbortSignal): Promise<void> => {
  const stored = await fetch(`${url}/v1/files?name=number.txt`, { method: 'POST', body: '42', signal })
  const { id: fileId }: { id?: string } = JSON.parse(await stored.text())
  const files = [{ path: 'number.txt', fileId }]
  const { id } = await postJson(`${url}/v1/sandboxes?wait=30000`, { files }, signal)
  const sandbox = `${url}/v1/sandboxes/${id}`
  const command = await postJson(`${sandbox}/commands?wait=30000`, { command: 'cat number.txt' }, signal)
  assert.deepEqual(command['outcome'], { type: 'exited', exitCode: 0 })
  assert.match(JSON.stringify(command['output']), /"42"/)
  assert.equal((await fetch(sandbox, { method: 'DELETE', signal })).status, 200)
}

/** A worker's host name is the start of its container's id. */
const listWorkers = async (): Promise<readonly string[]> =>
  (await docker('ps', '--quiet', '--filter', `name=${PROJECT}-worker`)).split('\n')

const listSandboxes = async (workers: readonly string[]): Promise<readonly string[]> => {
  const list = await docker('ps', '--all', '--filter', 'label=runnel', '--format', '{{.Label "runnel.worker"}}')
  return list.split('\n').filter((worker) => workers.some((host) => worker.startsWith(host)))
}

/** How many jobs each worker ran. A worker logs a job after its client knows the end, so the last lines may be late. */
const untilLogged = async (workers: readonly string[]): Promise<readonly number[]> => {
  for (let tries = 0; ; tries += 1) {
    const logs = await Promise.all(workers.map((worker) => docker('logs', worker)))
    const shares = logs.map((log) => log.split('"msg":"job finished"').length - 1)
    const sum = shares.reduce((before, share) => before + share, 0)
    if (sum === JOBS) return shares
    assert.ok(sum < JOBS && tries < LOG_TRIES, `The workers logged the ends of ${sum} jobs, not of ${JOBS}`)
    await delay(LOG_PAUSE_MS)
  }
}

/** Resolves with the exit code. */
export const testCompose = async (command: readonly string[], baseImage: string): Promise<number> => {
  const port = await findFreePort()
  const compose = createCompose(command, {
    COMPOSE_PROJECT_NAME: PROJECT,
    RUNNEL_IMAGE_PREFIX: IMAGES,
    RUNNEL_BASE_IMAGE: baseImage,
    RUNNEL_NODE_IMAGE: 'runnel/node',
    RUNNEL_PORT: `${port}`,
  })
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  let workers: readonly string[] = []
  try {
    using _certificates = copyCertificates()
    compose('up', '--build', '--detach', '--scale', `worker=${WORKERS}`)
    const url = `http://127.0.0.1:${port}`
    await untilReady(url, WORKERS, signal)
    await checkPage(url, signal)
    workers = await listWorkers()
    const mounts = await docker('inspect', '--format', '{{range .Mounts}}{{.Source}} {{end}}', ...workers)
    assert.ok(!mounts.includes('docker.sock'), `A worker has Docker's own socket: ${mounts}`)
    await checkSandbox(url, signal)
    await runJobs(url, signal)
    const shares = await untilLogged(workers)
    process.stdout.write(`  ${JOBS} jobs, spread over the workers as ${shares.join(', ')}\n`)
    assert.ok(shares.filter((share) => share > 0).length > 1, 'One worker ran all jobs')
  } catch (error) {
    compose('ps', '--all')
    compose('logs', '--tail', '30')
    throw error
  } finally {
    compose('down', '--volumes', '--rmi', 'all', '--timeout', '30')
  }
  const ours = ['--filter', `label=com.docker.compose.project=${PROJECT}`]
  assert.equal(await docker('ps', '--all', '--quiet', ...ours), '')
  assert.equal(await docker('volume', 'ls', '--quiet', ...ours), '')
  assert.equal(await docker('network', 'ls', '--quiet', ...ours), '')
  assert.deepEqual(await listSandboxes(workers), [])
  process.stdout.write('  compose: passed\n')
  return 0
}
