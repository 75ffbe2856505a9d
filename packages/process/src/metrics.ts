import { OUTCOME_CLASSES, type OutcomeClass } from '@runnel/contract/public'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { VERSION } from './version.ts'

export { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What a process shows to Prometheus. */
export interface Metrics {
  /** Where the process adds its own. */
  readonly registry: Registry
  readonly contentType: string
  /** All of them, in the text format of Prometheus. */
  read(): Promise<string>
}

/** How often the delay of the event loop is measured. With the library's 10 ms an idle process would wake up a hundred times a second. */
const EVENT_LOOP_MS = 100

/**
 * Node's own metrics start with the first scrape: who does not scrape does not pay for measuring the garbage collector and the
 * event loop.
 */
export const createMetrics = (app: 'api' | 'worker'): Metrics => {
  const registry = new Registry()
  const build = { name: 'runnel_build_info', help: 'Always 1. The labels say which version runs.' }
  new Gauge({ ...build, labelNames: ['app', 'version'], registers: [registry] }).set({ app, version: VERSION }, 1)
  let hasStarted = false
  return {
    registry,
    contentType: registry.contentType,
    async read() {
      if (!hasStarted) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_MS })
      hasStarted = true
      return registry.metrics()
    },
  }
}

/** Counts the jobs that this process ended. Every outcome is there from the start, so that a rate has something to start from. */
export const countEnded = ({ registry }: Metrics): ((outcome: OutcomeClass) => void) => {
  const counter = new Counter({
    name: 'runnel_jobs_ended_total',
    help: 'Jobs that this process ended, by outcome. succeeded: exited with 0. failed: exited with another code.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  for (const outcome of OUTCOME_CLASSES) counter.inc({ outcome }, 0)
  return (outcome) => counter.inc({ outcome })
}
