export { StartRefusal } from './agent/connection.ts'
export { DialRefusal } from './agent/dial.ts'
export type { DialCode, Metrics } from './agent/protocol.ts'
export { createDockerSandboxes, type DockerSandboxesOptions } from './docker/sandboxes.ts'
export type {
  CommandRequest,
  HeldEnd,
  HeldLimits,
  HeldOutput,
  HeldPorts,
  HeldProcess,
  HeldSandbox,
  HoldRequest,
  PortChange,
  Task,
} from './held-sandbox.ts'
export {
  type LeaseRequest,
  type PoolState,
  type RunEvent,
  type RunRequest,
  type Sandbox,
  type Sandboxes,
  SandboxFailure,
  type ServedIsolation,
} from './sandbox.ts'
