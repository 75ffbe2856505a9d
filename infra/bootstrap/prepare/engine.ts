// A Docker engine that answers: the one that is there, else one that we start, else one that we install (as root on Debian
// and Ubuntu). The engine outlives us, because others may use it by then: nothing here ever stops one.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isInstalled, read, run, startDaemon } from '../command.ts'
import { readTail } from '../log-tail.ts'
import { LOGS } from '../places.ts'
import { identify } from '../process-identity.ts'
import { Refusal } from '../refusal.ts'
import { installDebianPackages, isDebian, isRoot } from './debian.ts'
import type { Step } from './step.ts'

const WITHOUT_DOCKER = 'or try Runnel without isolation: npm start -- --sandbox local'
const ANSWER_TIMEOUT_MS = 10_000
const START_TRIES = 30
const DOCKERD_PID = '/var/run/docker.pid'
const CONTAINERD_PID = '/var/run/docker/containerd/containerd.pid'

/** What `docker version` said: the engine's processor, or why there is no answer. */
type EngineAnswer =
  | { readonly arch: string }
  | { readonly fault: 'no-client' | 'hangs' | 'denied' }
  | { readonly fault: 'away'; readonly reason: string }

export interface EngineFacts {
  readonly answer: EngineAnswer
  readonly platform: string
  readonly user: string
  readonly isRoot: boolean
  readonly isDebian: boolean
  readonly hasDaemon: boolean
  readonly dockerHost: string | undefined
}

/** What to do, or a sentence for somebody who can do what we cannot. */
export const decideEngine = (facts: EngineFacts): 'use' | 'install' | 'start' => {
  const { answer, platform, user, isRoot, isDebian, hasDaemon, dockerHost } = facts
  if ('arch' in answer) return 'use'
  const why = answer.fault === 'away' ? ` (${answer.reason})` : ''
  if (answer.fault === 'hangs') {
    throw new Refusal(`Docker does not answer within 10 seconds: restart it, ${WITHOUT_DOCKER}`)
  }
  if (answer.fault === 'denied') {
    throw new Refusal(
      `You may not use Docker: run \`sudo usermod -aG docker ${user}\` and log in again, ${WITHOUT_DOCKER}`,
    )
  }
  if (answer.fault === 'away' && dockerHost !== undefined && dockerHost !== '') {
    throw new Refusal(`Docker at ${dockerHost} does not answer${why}: start it or unset DOCKER_HOST, ${WITHOUT_DOCKER}`)
  }
  if (platform === 'darwin') {
    throw new Refusal(`Docker does not answer${why}: start Docker Desktop or Colima, ${WITHOUT_DOCKER}`)
  }
  if (answer.fault === 'no-client' || !hasDaemon) {
    if (isRoot && isDebian) return 'install'
    throw new Refusal(
      `Docker is not here: install and start it (https://docs.docker.com/engine/install), ${WITHOUT_DOCKER}`,
    )
  }
  if (!isRoot)
    throw new Refusal(`Docker does not run${why}: start it with \`sudo systemctl start docker\`, ${WITHOUT_DOCKER}`)
  return 'start'
}

/** The name that npm packages use for a processor. */
export const toCpu = (arch: string): string => {
  if (arch === 'amd64' || arch === 'x86_64') return 'x64'
  if (arch === 'arm64' || arch === 'aarch64') return 'arm64'
  throw new Refusal(`The Docker engine runs on ${arch}: Runnel needs one on amd64 or arm64, ${WITHOUT_DOCKER}`)
}

const askEngine = async (): Promise<EngineAnswer> => {
  if (!isInstalled('docker')) return { fault: 'no-client' }
  try {
    return { arch: await read('docker', ['version', '--format', '{{.Server.Arch}}'], ANSWER_TIMEOUT_MS) }
  } catch (error) {
    if (error instanceof Error && 'killed' in error && error.killed === true) return { fault: 'hangs' }
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    const reason = text.trim().split('\n').at(-1) ?? ''
    return /permission denied/i.test(text) ? { fault: 'denied' } : { fault: 'away', reason }
  }
}

const decide = async (): Promise<'use' | 'install' | 'start'> =>
  decideEngine({
    answer: await askEngine(),
    platform: process.platform,
    user: userInfo().username,
    isRoot: isRoot(),
    isDebian: isDebian(),
    hasDaemon: isInstalled('dockerd'),
    dockerHost: process.env['DOCKER_HOST'],
  })

const install: Step = {
  title: 'Docker from the distribution',
  isDone: async () => (await decide()) !== 'install',
  disk: () => '/var',
  async act() {
    await installDebianPackages('docker.io')
    // Newer distributions have the docker command in a separate package.
    if (!isInstalled('docker')) await installDebianPackages('docker-cli')
  },
  remedy: `Cannot install Docker: see why \`apt-get install docker.io\` fails, ${WITHOUT_DOCKER}`,
}

const start: Step = {
  title: 'Docker engine',
  isDone: async () => (await decide()) !== 'start',
  disk: () => undefined,
  act: () => startEngine(),
  remedy: `Cannot start Docker: read above why (all of it in .runnel/log/dockerd.log), ${WITHOUT_DOCKER}`,
}

export const engineSteps: readonly Step[] = [install, start]

const startEngine = async (): Promise<void> => {
  let daemon: number | undefined
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['start', 'docker'], { timeoutMs: 60_000 })
  } else if (!isRunning('dockerd', DOCKERD_PID)) {
    // A killed daemon leaves these behind. A new one believes them, even when the number belongs to another process now.
    rmSync(DOCKERD_PID, { force: true })
    if (!isRunning('containerd', CONTAINERD_PID)) rmSync(CONTAINERD_PID, { force: true })
    daemon = await startDaemon('dockerd', 'dockerd.log')
  }
  let reason = ''
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    const answer = await askEngine()
    if ('arch' in answer) return
    reason = answer.fault === 'away' ? answer.reason : answer.fault
    if (daemon !== undefined && identify(daemon) === undefined) break
    await delay(1_000)
  }
  if (daemon !== undefined) reason += `\n${readTail(join(LOGS, 'dockerd.log'), 5)}`
  throw new Error(`The engine does not answer: ${reason}`)
}

const isRunning = (program: string, pidFile: string): boolean => {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    return identify(pid) !== undefined && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program
  } catch {
    return false
  }
}
