import {
  type HeldPortChange,
  heldPortChangeSchema,
  PREVIEW_LINK_MAX_MS,
  type PreviewRequest,
} from '@runnel/contract/public'
import { signPreview } from '@runnel/registry'
import type { Requester } from '../requester.ts'
import { readLivingRecord, requireOwnSandbox } from './find-sandbox.ts'
import { readLines } from './read-lines.ts'
import type { SandboxParts } from './sandbox-parts.ts'

/** How a preview is opened for the first time. */
interface PreviewLink {
  /** Undefined: the sandbox is public, and its previews need none. */
  readonly signature: string | undefined
  readonly expiresAt: Date | undefined
}

export interface SandboxPreviews {
  /** The ports that programs listen on now. */
  ports(requester: Requester, id: string): Promise<readonly number[]>
  /** The same, then each change, until the sandbox ends or `signal` aborts. */
  followPorts(requester: Requester, id: string, signal: AbortSignal): Promise<AsyncIterable<HeldPortChange>>
  link(requester: Requester, id: string, port: number): Promise<PreviewLink>
  /** The latest requests to its previews, after that one. */
  requests(requester: Requester, id: string, after: string): Promise<readonly PreviewRequest[]>
}

async function* readChanges(lines: AsyncIterable<string>): AsyncGenerator<HeldPortChange> {
  for await (const line of lines) yield heldPortChangeSchema.parse(JSON.parse(line))
}

export const createSandboxPreviews = (parts: SandboxParts): SandboxPreviews => {
  const { gateway, accessTokens, previewRequests } = parts
  return {
    async ports(requester, id) {
      await requireOwnSandbox(parts, requester, id)
      return (await gateway.call(id, 'ports', {})).answer.ports
    },
    async followPorts(requester, id, signal) {
      await requireOwnSandbox(parts, requester, id)
      return readChanges(readLines((await gateway.call(id, 'port-events', {}, { signal })).body))
    },
    async link(requester, id, port) {
      const record = await readLivingRecord(parts, requester, id)
      if (record.public) return { signature: undefined, expiresAt: undefined }
      const expires = Math.floor((Date.now() + PREVIEW_LINK_MAX_MS) / 1_000)
      const signature = signPreview(await accessTokens.create(id), { use: 'link', sandboxId: id, port }, expires)
      return { signature, expiresAt: new Date(expires * 1_000) }
    },
    async requests(requester, id, after) {
      await requireOwnSandbox(parts, requester, id)
      return previewRequests.list(id, after)
    },
  }
}
