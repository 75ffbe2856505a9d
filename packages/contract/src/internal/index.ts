export * from './control.ts'
export * from './queued-job.ts'
