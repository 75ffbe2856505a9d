// What Runnel must show, as data. Ratios are between two things measured in the same run.
import type { ContenderName } from '../contenders/contender.ts'
import type { ScenarioName } from '../scenarios/scenario.ts'
import type { Summary } from './statistics.ts'

/** One number of a row: of its distribution, or the share that succeeded. */
export interface Figure {
  readonly contender: ContenderName
  readonly what: string
  readonly take: keyof Summary | 'succeeded'
}

export interface Target {
  readonly scenario: ScenarioName
  readonly says: string
  readonly ours: Figure
  /** If given, the bound is for ours ÷ theirs. */
  readonly theirs?: Figure
  readonly bound: { readonly atMost: number } | { readonly atLeast: number }
  /** It need only be reached where this figure of the same scenario is small enough: on a machine that is fast enough. */
  readonly where?: { readonly figure: Figure; readonly atMost: number }
}

const figure = (contender: ContenderName, what: string, take: Figure['take']): Figure => ({ contender, what, take })

const ALL = { atLeast: 1 }

export const TARGETS: readonly Target[] = [
  {
    scenario: 'sequential',
    says: 'First output byte over a WebSocket, median, to bare Python',
    ours: figure('runnel-stream', 'Python, first byte', 'median'),
    theirs: figure('bare-python', 'Python, first byte', 'median'),
    bound: { atMost: 0.5 },
  },
  {
    scenario: 'sequential',
    says: 'First output byte over a WebSocket, p99, to bare Python’s median',
    ours: figure('runnel-stream', 'Python, first byte', 'p99'),
    theirs: figure('bare-python', 'Python, first byte', 'median'),
    bound: { atMost: 1.5 },
  },
  {
    scenario: 'sequential',
    says: 'POST /execute, median, to a subprocess service',
    ours: figure('runnel-execute', 'Python, finished', 'median'),
    theirs: figure('subprocess-service', 'Python, finished', 'median'),
    bound: { atMost: 0.6 },
  },
  {
    scenario: 'sequential',
    says: 'JavaScript, first output byte, median, to bare Node',
    ours: figure('runnel-stream', 'JavaScript, first byte', 'median'),
    theirs: figure('bare-node', 'JavaScript, first byte', 'median'),
    bound: { atMost: 0.3 },
  },
  {
    scenario: 'burst',
    says: 'Burst of 100, default pool: all succeed',
    ours: figure('runnel-stream', 'default pool, finished', 'succeeded'),
    bound: ALL,
  },
  {
    scenario: 'burst',
    says: 'Burst of 100, default pool, the last, to the last of a subprocess service',
    ours: figure('runnel-stream', 'default pool, finished', 'max'),
    theirs: figure('subprocess-service', 'finished', 'max'),
    bound: { atMost: 1.5 },
  },
  {
    scenario: 'at-once',
    says: '100 at once by POST /execute: all succeed',
    ours: figure('runnel-execute', 'finished', 'succeeded'),
    bound: ALL,
  },
  {
    scenario: 'at-once',
    says: '100 at once by POST /execute, mean (ms), where a subprocess service needs at most 1,500',
    ours: figure('runnel-execute', 'finished', 'mean'),
    bound: { atMost: 3_000 },
    where: { figure: figure('subprocess-service', 'finished', 'mean'), atMost: 1_500 },
  },
  {
    scenario: 'sustained',
    says: 'Sustained, to a subprocess service',
    ours: figure('runnel-jobs', 'default, programs', 'median'),
    theirs: figure('subprocess-service', 'programs', 'median'),
    bound: { atLeast: 1 },
  },
  {
    scenario: 'sustained',
    says: 'Sustained, to the engine’s ceiling',
    ours: figure('runnel-jobs', 'default, programs', 'median'),
    theirs: figure('engine-ceiling', 'containers', 'median'),
    bound: { atLeast: 6 },
  },
  {
    scenario: 'long-output',
    says: '10 MiB to a WebSocket, throughput since asking, to docker run into a file',
    ours: figure('runnel-stream', 'since asking', 'median'),
    theirs: figure('docker-run', 'since asking', 'median'),
    bound: { atLeast: 0.5 },
  },
  {
    scenario: 'sandboxes',
    says: 'Sandbox created and its first command finished, to a shell on the bare machine',
    ours: figure('runnel-sandbox', 'created, first command finished', 'median'),
    theirs: figure('bare-shell', 'finished, beside creates', 'median'),
    bound: { atMost: 3 },
  },
  {
    scenario: 'sandboxes',
    says: 'Command in a living sandbox finished, to a shell on the bare machine',
    ours: figure('runnel-sandbox', 'command in a living one, finished', 'median'),
    theirs: figure('bare-shell', 'finished, beside commands', 'median'),
    bound: { atMost: 2 },
  },
  {
    scenario: 'sandboxes',
    says: '100 MiB into a sandbox, throughput, to docker cp',
    ours: figure('runnel-sandbox', 'file up', 'median'),
    theirs: figure('docker-cp', 'file up', 'median'),
    bound: { atLeast: 0.3 },
  },
  {
    scenario: 'sandboxes',
    says: '100 MiB out of a sandbox, throughput, to docker cp',
    ours: figure('runnel-sandbox', 'file down', 'median'),
    theirs: figure('docker-cp', 'file down', 'median'),
    bound: { atLeast: 0.3 },
  },
  {
    scenario: 'sandboxes',
    says: '100 MiB in and out: API and worker grow by (MiB)',
    ours: figure('runnel-sandbox', 'API and worker grow by', 'max'),
    bound: { atMost: 32 },
  },
  {
    scenario: 'sandboxes',
    says: 'Echo of a key in a terminal, median (ms)',
    ours: figure('runnel-sandbox', 'terminal, echo', 'median'),
    bound: { atMost: 15 },
  },
  {
    scenario: 'previews',
    says: 'First byte of a preview, to the same program in a container without anything between',
    ours: figure('runnel-sandbox', 'first byte of a preview', 'median'),
    theirs: figure('container', 'first byte of a preview', 'median'),
    bound: { atMost: 3 },
  },
  {
    scenario: 'previews',
    says: '10 MiB through a preview, throughput, to the same program in a container',
    ours: figure('runnel-sandbox', '10 MiB of a preview', 'median'),
    theirs: figure('container', '10 MiB of a preview', 'median'),
    bound: { atLeast: 0.3 },
  },
  {
    scenario: 'previews',
    says: 'Requests to a preview that says hello (per second)',
    ours: figure('runnel-sandbox', 'requests to a preview', 'median'),
    bound: { atLeast: 500 },
  },
  {
    scenario: 'sandboxes-idle',
    says: 'First output byte of a job beside 200 idle sandboxes, to without them',
    ours: figure('runnel-stream', 'first byte, beside them', 'median'),
    theirs: figure('runnel-stream', 'first byte, without sandboxes', 'median'),
    bound: { atMost: 1.5 },
  },
  {
    scenario: 'sandboxes-idle',
    says: 'Idle sandbox: memory (MiB)',
    ours: figure('runnel-sandbox', 'memory of one', 'median'),
    bound: { atMost: 24 },
  },
  {
    scenario: 'sandboxes-idle',
    says: 'Idle sandbox: processor time (%)',
    ours: figure('runnel-sandbox', 'processor time of one', 'median'),
    bound: { atMost: 0.1 },
  },
  {
    scenario: 'watchers',
    says: '1,000 watchers: every one has every event',
    ours: figure('runnel-watch', 'delay of an event', 'succeeded'),
    bound: ALL,
  },
  {
    scenario: 'watchers',
    says: '1,000 watchers: delay, p99 (ms)',
    ours: figure('runnel-watch', 'delay of an event', 'p99'),
    bound: { atMost: 100 },
  },
  {
    scenario: 'watchers',
    says: '1,000 watchers: memory of the API for each (KiB)',
    ours: figure('runnel-watch', 'memory of the API for a watcher', 'max'),
    bound: { atMost: 60 },
  },
  {
    scenario: 'sleepers',
    says: '100 programs that sleep 5 s, after one such round: all succeed',
    ours: figure('runnel-stream', 'finished', 'succeeded'),
    bound: ALL,
  },
  {
    scenario: 'sleepers',
    says: '100 programs that sleep 5 s, after one such round: the last (ms)',
    ours: figure('runnel-stream', 'finished', 'max'),
    bound: { atMost: 8_000 },
  },
  {
    scenario: 'sleepers',
    says: '100 programs that sleep 5 s: memory of the worker at its peak (MiB)',
    ours: figure('runnel-stream', 'memory of the worker, at its peak', 'max'),
    bound: { atMost: 250 },
  },
  {
    scenario: 'idle',
    says: 'Ready Python sandbox: memory (MiB)',
    ours: figure('runnel-stream', 'memory of a sandbox', 'median'),
    bound: { atMost: 16 },
  },
  {
    scenario: 'idle',
    says: 'Ready Python sandbox: processor time (%)',
    ours: figure('runnel-stream', 'processor time of a sandbox', 'max'),
    bound: { atMost: 0.1 },
  },
  {
    scenario: 'rest',
    says: '1,000 programs in sequence, then 200 in parallel: all succeed',
    ours: figure('runnel-jobs', 'in parallel, finished', 'succeeded'),
    bound: ALL,
  },
  {
    scenario: 'rest',
    says: 'Containers, mounts, control groups, descriptors and memory back at rest after that (s)',
    ours: figure('runnel-jobs', 'back at rest', 'max'),
    bound: { atMost: 120 },
  },
]
