import type { Sandbox, SandboxRequest } from '@runnel/contract/public'
import { hasEnded, sandboxEnded } from '@runnel/gateway/client'
import type { Requester } from '../requester.ts'
import { acceptSandbox } from './accept-sandbox.ts'
import { readRecord } from './find-sandbox.ts'
import { prepareSandbox } from './prepare-sandbox.ts'
import type { SandboxParts } from './sandbox-parts.ts'
import { toSandbox } from './to-sandbox.ts'

/** Both 0 and no signal: does not wait. */
export interface WaitForStart {
  /** How long to wait until it runs, in milliseconds. */
  readonly waitMs: number
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

/** When it returns, the sandbox is in Redis: it waits or, if `waitMs` was enough, runs. Throws `sandbox-ended` if it cannot start. */
export const createSandbox = async (
  parts: SandboxParts,
  requester: Requester,
  request: SandboxRequest,
  { waitMs, signal }: WaitForStart,
): Promise<Sandbox> => {
  const sandbox = await prepareSandbox(parts, requester, request)
  const { id } = sandbox
  // It listens before the sandbox is in the queue: a worker may be that fast.
  using change = parts.states.expect(id)
  await acceptSandbox(parts, requester.tenant, sandbox)
  requester.auditLog('A sandbox was created', { sandboxId: id })
  if (waitMs > 0) await change.within(waitMs, signal)
  const record = await readRecord(parts, requester, id)
  if (hasEnded(record)) throw sandboxEnded(record)
  return toSandbox(parts, record)
}
