import { basename } from 'node:path/posix'
import { Readable } from 'node:stream'
import type { FileBounds, Files } from '@runnel/blobs'
import { ARTIFACTS, type Artifact, type LeftOutArtifact, RequestError, STORED_FILE } from '@runnel/contract/public'
import type { HeldSandbox } from '@runnel/sandbox'
import { readTask } from '../sandboxes/sandbox-tasks.ts'
import { createPathTest } from './artifact-pattern.ts'
import { toContentType } from './content-type.ts'
import { listWorkspace } from './list-workspace.ts'
import { WORKSPACE } from './workspace.ts'

/** For all files of a job together. */
const KEEP_MS = 120_000

export interface Kept {
  readonly artifacts: Artifact[]
  readonly artifactsLeftOut?: LeftOutArtifact[]
}

const REASONS: Readonly<Record<string, LeftOutArtifact['reason']>> = {
  'payload-too-large': 'too-large',
  'file-quota': 'file-quota',
  'disk-full': 'disk-full',
}

const toName = (path: string): string => {
  const name = basename(path).replaceAll(/\p{Cc}/gu, '_')
  return Buffer.byteLength(name) <= STORED_FILE.nameBytes ? name : 'file'
}

/** The bytes of one file. Destroying the stream stops the task that reads it. */
const readFile = (sandbox: HeldSandbox, path: string): Readable => {
  const task = { name: 'read', path: `${WORKSPACE}/${path}` } as const
  return Readable.from(readTask(task, sandbox.task(task)))
}

/**
 * Keeps the files of a program that has ended, as files of its tenant: looks at the workspace, takes those that match, and streams each
 * into the store. A file that cannot be kept is left out and named; only a lost sandbox is an error.
 *
 * What the program left running is killed first, so that files do not change while they are read. All work on its files is done by
 * processes of its own user in its own place.
 */
export const keepArtifacts = async (
  sandbox: HeldSandbox,
  options: {
    readonly tenantId: string
    readonly patterns: readonly string[]
    readonly bounds: FileBounds
    readonly maxFileBytes: number
    readonly files: Pick<Files, 'add'>
  },
): Promise<Kept> => {
  const { tenantId, patterns, bounds, maxFileBytes: maxBytes, files } = options
  const artifacts: Artifact[] = []
  const leftOut: LeftOutArtifact[] = []
  const deadline = performance.now() + KEEP_MS
  await sandbox.start(KILL_ALL).exit
  const { found, isWhole } = await listWorkspace(sandbox, createPathTest(patterns))
  if (!isWhole) leftOut.push({ path: '.', reason: 'too-many' })

  const keep = async (path: string): Promise<LeftOutArtifact['reason'] | undefined> => {
    if (artifacts.length >= ARTIFACTS.files) return 'too-many'
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return 'too-late'
    const bytes = readFile(sandbox, path)
    const late = setTimeout(() => bytes.destroy(new Error('Keeping files took too long')), leftMs)
    try {
      const file = { name: toName(path), contentType: toContentType(path), maxBytes }
      const { id: fileId, sizeBytes, sha256 } = await files.add(tenantId, bounds, file, bytes)
      artifacts.push({ path, fileId, sizeBytes, sha256 })
      return undefined
    } catch (error) {
      if (performance.now() >= deadline) return 'too-late'
      return (error instanceof RequestError ? REASONS[error.code] : undefined) ?? 'not-read'
    } finally {
      clearTimeout(late)
    }
  }
  for (const path of found.toSorted()) {
    const reason = await keep(path)
    if (reason !== undefined && leftOut.length < ARTIFACTS.files) leftOut.push({ path, reason })
  }
  return { artifacts, ...(leftOut.length === 0 ? {} : { artifactsLeftOut: leftOut }) }
}

/** Every process of its user, itself too: only process 1 of the place, and ours, are another's. */
const KILL_ALL = {
  argv: ['/bin/sh', '-c', 'kill -s KILL -1'],
  wallMs: 5_000,
  cpuMs: null,
  outputBytes: null,
}
