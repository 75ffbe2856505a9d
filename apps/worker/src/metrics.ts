import { DURATION_BUCKETS_MS } from '@runnel/contract/public'
import { countEnded, createMetrics, Gauge, Histogram, type Metrics } from '@runnel/process/metrics'
import type { JobRecorder, WorkerReport } from '@runnel/registry'

const BUCKETS_SECONDS = DURATION_BUCKETS_MS.map((ms) => ms / 1_000)

/** What a worker shows to Prometheus, from its own report and from what its jobs are recorded as. Tells of no tenant. */
export const createWorkerMetrics = (
  report: () => WorkerReport,
  isDrained: () => boolean,
): { readonly metrics: Metrics; readonly recorder: JobRecorder } => {
  const metrics = createMetrics('worker')
  const registers = [metrics.registry]
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('runnel_worker_ready', '1 if it takes jobs, else 0.', () => Number(report().state === 'ready' && !isDrained()))
  gauge('runnel_worker_drained', '1 if an operator has drained it, else 0.', () => Number(isDrained()))
  gauge('runnel_worker_running_jobs', 'Jobs that it runs now.', () => report().busy)
  gauge('runnel_worker_concurrency_jobs', 'Jobs that it runs at once.', () => report().concurrency)
  gauge('runnel_worker_idle_sandboxes', 'Ready sandboxes that wait for a job.', () => report().pool.idle)
  gauge('runnel_worker_pool_bound_sandboxes', 'Ready sandboxes that it keeps at most.', () => report().pool.bound)

  gauge('runnel_worker_lasting_sandboxes', 'Lasting sandboxes that it holds.', () => report().sandboxes.running)
  gauge(
    'runnel_worker_lasting_sandboxes_bound',
    'Lasting sandboxes that it has room for, with the memory that they use now.',
    () => report().sandboxes.bound,
  )

  const histogram = (name: string, help: string) => new Histogram({ name, help, buckets: BUCKETS_SECONDS, registers })
  const wait = histogram('runnel_job_wait_seconds', 'From the submission of a job until this worker took it.')
  const firstOutput = histogram(
    'runnel_job_first_output_seconds',
    'From the submission of a job until its first output. Jobs without output do not count.',
  )
  const run = histogram('runnel_job_run_seconds', 'How long programs ran.')
  const observe = (one: Histogram, ms: number | undefined): void => {
    if (ms !== undefined) one.observe(ms / 1_000)
  }
  const count = countEnded(metrics)
  return {
    metrics,
    recorder: {
      // Workers neither accept nor refuse.
      accepted() {},
      refused() {},
      ended(outcome, { waitMs, firstOutputMs, runMs }) {
        count(outcome)
        observe(wait, waitMs)
        observe(firstOutput, firstOutputMs)
        observe(run, runMs)
      },
    },
  }
}
