// container-service.ts <label>: a service that runs each request in its own container, as people write it with
// the Docker client. What it makes carries the label; it answers when the program has ended, and removes after that.
//
// It runs a few at a time and lets the rest wait. The engine gains nothing from more, and one of them (20.10) was seen to
// lock up for good under a hundred at once with networks to set up.
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import pLimit from 'p-limit'
import { type Execution, serve } from './serve.ts'

const MIB = 1024 * 1024
const AT_ONCE = 8
const TIMEOUT_MS = 60_000

const [, , label = 'runnel.bench'] = process.argv
const docker = new Docker({ timeout: TIMEOUT_MS })
const inTurn = pLimit(AT_ONCE)
const removals = new Set<Promise<unknown>>()

const execute = async (code: string): Promise<Execution> => {
  const container = await docker.createContainer({
    Image: 'runnel/python',
    Entrypoint: ['python3'],
    Cmd: ['-u', '-c', code],
    Labels: { [label]: 'container-service' },
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: 'none',
      Memory: 256 * MIB,
      MemorySwap: 256 * MIB,
      PidsLimit: 64,
      LogConfig: { Type: 'none', Config: {} },
    },
  })
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true })
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    docker.modem.demuxStream(stream, stdout, stderr)
    const ended = once(stream, 'end').then(() => {
      stdout.end()
      stderr.end()
    })
    await container.start()
    const [output, error, { StatusCode }] = await Promise.all([text(stdout), text(stderr), container.wait(), ended])
    return { success: StatusCode === 0, output, error }
  } finally {
    const removal = container
      .remove({ force: true, v: true })
      .catch(() => {})
      .finally(() => removals.delete(removal))
    removals.add(removal)
  }
}

serve(
  (code) => inTurn(() => execute(code)),
  async () => {
    await Promise.all(removals)
  },
)
