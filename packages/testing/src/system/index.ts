export { containersOf, isThere, nameOf, type Process, saying, startProcess } from './process.ts'
export { type System, startSystem } from './system.ts'
export { createSystemCalls, type SystemCalls, stdoutOf, untilWorkers } from './system-calls.ts'
