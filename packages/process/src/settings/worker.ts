import { availableParallelism, totalmem } from 'node:os'
import { LIMITS, SANDBOX_LIMITS } from '@runnel/contract/public'
import { z } from 'zod'
import { readListenAddress } from '../listen-address.ts'
import { oneOf, optionalSetting, positiveNumber, setting, text, wholeNumber } from './setting.ts'

/** The other quarter is for the engine, the ready containers, Redis and the worker itself. */
const PROGRAMS_MEMORY_SHARE = 0.75
/** Out of the other quarter. */
const POOL_MEMORY_SHARE = 0.1
/** A ready container: 12 MiB for the agent and the interpreter, and as much for what the engine keeps beside it. */
const READY_CONTAINER_BYTES = 24 * 1024 * 1024

/** Of the memory, for what lasting sandboxes use together. */
const SANDBOX_MEMORY_SHARE = 0.5
/** How many times as much memory lasting sandboxes may be promised together as they may use. */
const SANDBOX_OVERCOMMIT = 20

const sandboxesOf = (memoryBytes: number): number =>
  Math.max(
    1,
    Math.floor((memoryBytes * SANDBOX_MEMORY_SHARE * SANDBOX_OVERCOMMIT) / SANDBOX_LIMITS.memoryBytes.default),
  )

/** The text of a variable that is an address to listen on. */
const listenAddress = text(
  'address and port, such as `127.0.0.1:9464` or `[::1]:9464`',
  z
    .string()
    .refine((given) => readListenAddress(given) !== undefined, 'must be an address and a port, such as 127.0.0.1:9464'),
)

const concurrencyOf = (memoryBytes: number): number =>
  Math.max(1, Math.floor((memoryBytes * PROGRAMS_MEMORY_SHARE) / LIMITS.memoryBytes.default))

export const worker = {
  RUNNEL_SANDBOX: setting(oneOf('docker', 'local'), {
    default: 'docker',
    does: "`docker` runs jobs in containers. `local` runs programs as the worker's own user, WITHOUT ISOLATION, to try things out.",
    reason: 'The worker never gives up isolation automatically.',
  }),
  RUNNEL_CONCURRENCY: setting(wholeNumber(1, 1_000), {
    unit: 'jobs',
    default: () => concurrencyOf(totalmem()),
    defaultText: 'three quarters of the memory ÷ 256 MiB',
    does: 'Jobs that one worker runs at once.',
    reason:
      'Memory decides, because every job may use all of its limit, and a machine that swaps is slow for everyone. Processors do not: most programs wait, and the others share the processors fairly.',
  }),
  RUNNEL_POOL_MIN: setting(wholeNumber(0, 500), {
    unit: 'containers',
    default: () => availableParallelism() * 2,
    defaultText: 'twice the number of processors',
    does: 'Cells, ready for any tenant, that a worker keeps for each language, even if nobody submits.',
    reason: 'A tenant’s first job takes a ready cell faster than Docker makes a new one.',
  }),
  RUNNEL_POOL_MAX: setting(wholeNumber(0, 2_000), {
    unit: 'containers',
    default: () => Math.floor((totalmem() * POOL_MEMORY_SHARE) / READY_CONTAINER_BYTES),
    defaultText: 'a tenth of the memory ÷ 24 MiB',
    does: 'Cells of all languages together that a worker keeps ready: those for any tenant, and those that wait for the next job of theirs.',
    reason: 'A ready container takes about 24 MiB: 12 for the agent and the interpreter, 12 for Docker.',
  }),
  RUNNEL_JOBS_PER_CELL: setting(wholeNumber(1, 1_000_000), {
    unit: 'jobs',
    default: 1_000,
    does: 'Jobs of its tenant that one cell serves before it is replaced. It is also replaced after ten minutes.',
    reason:
      'What a kernel may keep of a thousand programs is little, and a new cell costs little if a thousand share it.',
  }),
  RUNNEL_CPUS: setting(positiveNumber(1_024), {
    unit: 'processors',
    default: 1,
    does: 'Processor time that one container may use, in processors.',
    reason: 'One program that computes does not slow down more than one processor.',
  }),
  RUNNEL_LOCK_MS: setting(wholeNumber(1_000, 600_000), {
    unit: 'ms',
    default: 20_000,
    does: 'How long a job stays with a worker that no longer reports. After at most 1.25 times as long another worker has the job.',
    reason: 'No job is lost if Redis is away for half of it (10 s).',
  }),
  RUNNEL_ENGINE_TIMEOUT_MS: setting(wholeNumber(100, 600_000), {
    unit: 'ms',
    default: 20_000,
    does: 'How long a call to Docker may take. After that Docker counts as not answering.',
    reason: 'A busy Docker needs seconds; one that needs more than 20 is stuck.',
  }),
  RUNNEL_SHUTDOWN_GRACE_MS: setting(wholeNumber(0, 600_000), {
    unit: 'ms',
    default: 10_000,
    does: 'How long running jobs may continue after SIGTERM. Then the worker puts them back on the queue.',
    reason: 'Most jobs finish in that time. `npm start` uses 5000, so that a Ctrl-C does not feel stuck.',
  }),
  RUNNEL_KILL_GRACE_MS: setting(wholeNumber(0, 60_000), {
    unit: 'ms',
    default: 500,
    does: 'The time between SIGTERM and SIGKILL for a program that has to stop.',
    reason: 'Enough to close files and print a last line.',
  }),
  RUNNEL_WORKER_LISTEN: optionalSetting(listenAddress, {
    absent: 'the worker listens nowhere',
    does: 'Where the worker shows `/metrics` to Prometheus and `/health`, without asking for a key. Each worker on a host needs its own port; 0 takes a free one, which is in the log.',
    reason: 'A worker needs nothing from outside but Redis and Docker.',
  }),
  RUNNEL_MAX_SANDBOXES: setting(wholeNumber(0, 10_000), {
    unit: 'sandboxes',
    default: () => sandboxesOf(totalmem()),
    defaultText: 'ten times the memory ÷ 1 GiB',
    does: 'Lasting sandboxes that one worker holds at once. 0: it takes none. They take no places of jobs.',
    reason:
      'Overcommitted 20 times: sandboxes may use half of the memory together, and be promised 20 times as much, because one that nobody uses at the moment takes about 24 MiB of its 1 GiB. `RUNNEL_SANDBOX_MEMORY_BYTES` bounds what they really use.',
  }),
  RUNNEL_SANDBOX_MEMORY_BYTES: setting(wholeNumber(67_108_864), {
    unit: 'bytes',
    default: () => Math.floor(totalmem() * SANDBOX_MEMORY_SHARE),
    defaultText: 'half of the memory',
    does: 'While the lasting sandboxes of a worker use more than this together, it takes no new ones.',
    reason: 'The other half is for jobs, the engine and Redis.',
  }),
  RUNNEL_SANDBOX_POOL_MIN: setting(wholeNumber(0, 1_000), {
    unit: 'ready sandboxes for each image',
    default: 1,
    does: 'Lasting sandboxes that are ready in any case, with the default limits. 0: each is made when it is asked for.',
    reason:
      'The first sandbox of a conversation is there at once. A ready one takes about 7 MiB, and no processor time.',
  }),
  RUNNEL_GATEWAY_LISTEN: setting(listenAddress, {
    default: '127.0.0.1:0',
    does: 'Where the worker listens for what APIs ask of its lasting sandboxes. Port 0 takes a free one. Each request must be signed with a secret of the sandbox, which only APIs can read; but use a private address: what is sent is encrypted only with `RUNNEL_GATEWAY_CERT_FILE`.',
    reason: 'API and worker on one machine.',
  }),
  RUNNEL_GATEWAY_URL: optionalSetting(
    text(
      '`http://` or `https://` URL without a path',
      z
        .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
        .refine((url) => new URL(url).pathname === '/', {
          error: 'must have no path',
        }),
    ),
    {
      absent: 'the address of `RUNNEL_GATEWAY_LISTEN`; the host name, if that is `0.0.0.0` or `[::]`',
      does: 'How APIs reach this worker’s `RUNNEL_GATEWAY_LISTEN`.',
      reason: 'A name that other hosts know is needed only where the address itself does not lead here.',
    },
  ),
  RUNNEL_GATEWAY_CERT_FILE: optionalSetting(text('path of a file'), {
    absent: 'plain HTTP',
    does: 'The certificate of the gateway, with those between it and its root, in PEM format. It must be valid for the name or address in the gateway’s URL. APIs trust the roots that Node trusts, and those in the file that `NODE_EXTRA_CA_CERTS` names. It is read at start.',
    reason: 'On one machine, or in a private network, it is not needed.',
  }),
  RUNNEL_GATEWAY_KEY_FILE: optionalSetting(text('path of a file'), {
    absent: 'plain HTTP',
    does: 'The key of that certificate, in PEM format.',
    reason: 'As `RUNNEL_GATEWAY_CERT_FILE`.',
  }),
  DOCKER_HOST: optionalSetting(
    text(
      '`unix://` or `tcp://` address',
      z
        .string()
        .refine((host) => !host.startsWith('ssh:'), 'cannot be reached over ssh: use unix:// or, with TLS, tcp://'),
    ),
    {
      absent: '`unix:///var/run/docker.sock`',
      does: "Where Docker is. With TLS, Docker's client also reads `DOCKER_CERT_PATH`.",
      reason: "Docker's own default.",
    },
  ),
  DOCKER_TLS_VERIFY: optionalSetting(
    { type: '`1`', schema: z.literal('1', 'must be 1, or absent for an engine without TLS') },
    {
      absent: 'no TLS',
      does: "Use TLS with the certificates in `DOCKER_CERT_PATH`, and check Docker's.",
      reason: "Docker's own default.",
    },
  ),
  PATH: setting(text('folders, with `:` between them'), {
    default: '/usr/local/bin:/usr/bin:/bin',
    does: 'Where `RUNNEL_SANDBOX=local` finds interpreters.',
    reason: 'Where Linux distributions put them.',
  }),
}

export const dockerProxy = {
  RUNNEL_PROXY_SOCKET: setting(text('path'), {
    default: '/run/runnel/docker.sock',
    does: 'Where the Docker proxy listens. The `DOCKER_HOST` of the workers is this path with `unix://` before it.',
    reason: 'The path of the volume that the proxy and the workers share in `docker-compose.yml`.',
  }),
  RUNNEL_PROXY_CONTAINERS: setting(wholeNumber(1, 100_000), {
    unit: 'containers',
    default: () => Math.floor(totalmem() / READY_CONTAINER_BYTES),
    defaultText: 'the memory ÷ 24 MiB',
    does: 'Sandboxes at once that the proxy lets all workers have together. It also refuses single ones with more than `RUNNEL_MAX_MEMORY_BYTES`, `RUNNEL_MAX_PROCESSES`, `RUNNEL_MAX_DISK_BYTES`, the same of `RUNNEL_MAX_SANDBOX_…`, or `RUNNEL_CPUS`: give it the same as the API and the workers.',
    reason: 'More would not fit into the memory, even if nobody used them.',
  }),
  RUNNEL_ENGINE_SOCKET: setting(text('path'), {
    default: '/var/run/docker.sock',
    does: "Docker's own socket.",
    reason: "Docker's own default.",
  }),
}
