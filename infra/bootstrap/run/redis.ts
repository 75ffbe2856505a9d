// The Redis of one run, on a free port of the loopback. Its data goes with it: a run of `npm start` is for trying out, and
// leaves nothing behind. It has no password and no users: everything that uses it runs as the same person, who could read a
// password too, and programs have no network that leads to it.
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { docker } from '../command.ts'
import { LOGS, NAME } from '../places.ts'
import type { KeepAliveOptions } from './keep-alive.ts'
import { findFreePort } from './port.ts'
import { startProgram } from './program.ts'
import type { OwnRecord } from './run-record.ts'

export interface Redis {
  readonly url: string
  readonly upkeep: Pick<KeepAliveOptions, 'log' | 'maxEnds' | 'start'>
}

const CONTAINER = `runnel-redis-${NAME}`
const LOG = join(LOGS, 'redis.log')
const ANSWER_TIMEOUT_MS = 15_000
/** If the engine shares our network, Redis answers in a tenth of this. */
const HOST_NETWORK_TIMEOUT_MS = 3_000

const remove = () => docker('rm', '--force', '--volumes', CONTAINER)
/** As in docker-compose.yml: twice the `maxmemory` of redis.conf, and room for buffers; no capabilities. */
const CONFINED = ['--memory', '2560m', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true']
const create = (...args: readonly string[]) =>
  docker('create', '--name', CONTAINER, '--label', `runnel.checkout=${NAME}`, ...CONFINED, ...args)

/**
 * On the host's network, on its loopback only: a published port has a proxy process of Docker's in front, which costs
 * every job 1.5 ms of a processor. If the host's network is not ours (macOS, a rootless engine), the port is published.
 */
const createOn = async (port: number): Promise<void> => {
  if (process.platform === 'linux') {
    const onLoopback = ['--bind', '127.0.0.1', '--port', `${port}`]
    await create('--network', 'host', 'runnel/redis', ...onLoopback)
    await docker('start', CONTAINER)
    if (await answersWithin(port, HOST_NETWORK_TIMEOUT_MS)) return
    await remove()
  }
  await create('--publish', `127.0.0.1:${port}:6379`, 'runnel/redis')
}

/**
 * A container from our own image. It keeps its port and its data when it is started again, so a restart of the Docker
 * engine, which ends it, costs no job. It may end often, because an engine may take a while to come back.
 */
export const createRedisContainer = async (record: OwnRecord): Promise<Redis> => {
  const port = await findFreePort()
  await remove().catch(() => {})
  record.addContainer(CONTAINER)
  await createOn(port)
  const start = async () => {
    await docker('start', CONTAINER)
    // Follows the container to its end.
    const follower = await startProgram({
      command: 'docker',
      args: ['logs', '--follow', '--tail', '0', CONTAINER],
      env: process.env,
      log: LOG,
      onPid: record.addProcess,
    })
    await untilAnswers(port)
    return {
      ended: follower.ended.then(() => 'its container stopped'),
      async stop() {
        await remove()
        await follower.stop(1_000)
      },
      kill: follower.kill,
    }
  }
  return { url: `redis://127.0.0.1:${port}`, upkeep: { log: LOG, maxEnds: 45, start } }
}

/** A redis-server from the path. It keeps nothing on the disk. */
export const createRedisServer = async (record: OwnRecord): Promise<Redis> => {
  const port = await findFreePort()
  const settings = ['--save', '', '--appendonly', 'no', '--maxmemory', '1gb', '--maxmemory-policy', 'noeviction']
  const start = async () => {
    const server = await startProgram({
      command: 'redis-server',
      args: ['--port', `${port}`, '--bind', '127.0.0.1', ...settings],
      env: process.env,
      log: LOG,
      onPid: record.addProcess,
    })
    await untilAnswers(port)
    return server
  }
  return { url: `redis://127.0.0.1:${port}`, upkeep: { log: LOG, maxEnds: 3, start } }
}

const untilAnswers = async (port: number): Promise<void> => {
  if (!(await answersWithin(port, ANSWER_TIMEOUT_MS))) {
    throw new Error(`Redis does not answer on port ${port}: read ${LOG}`)
  }
}

const answersWithin = async (port: number, ms: number): Promise<boolean> => {
  const deadline = performance.now() + ms
  while (performance.now() < deadline) {
    if (await answers(port)) return true
    await delay(20)
  }
  return false
}

/** A connection alone proves nothing: Docker's proxy accepts it before Redis is there. */
const answers = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1').setTimeout(1_000, () => socket.destroy())
  socket.write('PING\r\n')
  try {
    for await (const answer of socket) return String(answer).startsWith('+PONG')
  } catch {
    // Nothing listens there yet.
  }
  return false
}
