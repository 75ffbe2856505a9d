export * from './control.ts'
export * from './job-end.ts'
export * from './queued-job.ts'
export type { SandboxRun } from './sandbox-run.ts'
