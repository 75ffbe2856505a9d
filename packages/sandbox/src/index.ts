export { createDockerSandboxes, type DockerSandboxesOptions } from './docker/docker-sandboxes.ts'
export {
  type RunEvent,
  type RunRequest,
  type Sandbox,
  type Sandboxes,
  SandboxFailure,
  type SandboxWish,
} from './sandbox.ts'
