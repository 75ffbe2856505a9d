import type { ListedSandbox, Sandbox } from '@runnel/contract/public'
import type { SandboxRecord } from '@runnel/registry'
import type { SandboxParts } from './sandbox-parts.ts'

export const toListedSandbox = (record: SandboxRecord): ListedSandbox => {
  const { id, status, template, createdAt, startedAt, endsAt, timeoutMs, idleTimeoutMs } = record
  const {
    autoResume,
    public: isPublic,
    jobId,
    maskHost,
    limits,
    workDir,
    metadata,
    endedAt,
    ending,
    endingMessage,
  } = record
  return {
    id,
    status,
    template,
    createdAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endsAt === undefined || status === 'ended' ? {} : { endsAt }),
    timeoutMs,
    idleTimeoutMs,
    autoResume,
    public: isPublic,
    ...(jobId === undefined ? {} : { jobId }),
    ...(maskHost === undefined ? {} : { maskHost }),
    limits,
    workDir,
    metadata,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(ending === undefined ? {} : { ending }),
    ...(endingMessage === undefined ? {} : { endingMessage }),
  }
}

/** The sandbox as it is now: with its access token, and its place if it waits. */
export const toSandbox = async ({ producer, accessTokens }: SandboxParts, record: SandboxRecord): Promise<Sandbox> => {
  const sandbox = { ...toListedSandbox(record), accessToken: await accessTokens.create(record.id) }
  const place = record.status === 'queued' ? await producer.place(record.id) : undefined
  if (place === undefined) return sandbox
  const { position: queuePosition, ...estimate } = place
  return { ...sandbox, queuePosition, ...estimate }
}
