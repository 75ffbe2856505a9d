export { createDockerSandboxes, type DockerSandboxesOptions } from './docker/sandboxes.ts'
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
