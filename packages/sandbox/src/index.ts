export { createDockerSandboxes, type DockerSandboxesOptions } from './docker/docker-sandboxes.ts'
export {
  type LeaseRequest,
  type PoolState,
  type RunEvent,
  type RunRequest,
  type Sandbox,
  type Sandboxes,
  SandboxFailure,
} from './sandbox.ts'
