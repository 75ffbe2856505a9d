import { ARTIFACTS } from '@runnel/contract/public'
import type { HeldSandbox } from '@runnel/sandbox'
import { z } from 'zod'
import { readTask } from '../sandboxes/sandbox-tasks.ts'
import { WORKSPACE } from './workspace.ts'

/** Deeper than any program goes on purpose. */
const DEPTH = 64
/** A line has a path of at most 4,096 bytes, which JSON writes as up to six times as many, and little else. */
const LINE_BYTES = 64 * 1024

const entrySchema = z.object({ path: z.string(), type: z.string() })
const FOLDER = `${WORKSPACE}/`

const toPath = (line: string): string | undefined => {
  const { path, type } = entrySchema.parse(JSON.parse(line))
  return type === 'file' && path.startsWith(FOLDER) ? path.slice(FOLDER.length) : undefined
}

/** The files of the workspace that pass the test, links left out. Not whole if there are more than are looked at. */
export const listWorkspace = async (
  sandbox: HeldSandbox,
  isWanted: (path: string) => boolean,
): Promise<{ readonly found: readonly string[]; readonly isWhole: boolean }> => {
  const task = { name: 'list', path: WORKSPACE, depth: DEPTH } as const
  const found: string[] = []
  let pending = ''
  let looked = 0
  const decoder = new TextDecoder()
  for await (const bytes of readTask(task, sandbox.task(task))) {
    const lines = (pending + decoder.decode(bytes, { stream: true })).split('\n')
    pending = lines.pop() ?? ''
    if (pending.length > LINE_BYTES) throw new Error('A line of the list of files is too long')
    for (const line of lines) {
      looked += 1
      const path = toPath(line)
      if (path !== undefined && isWanted(path)) found.push(path)
    }
    if (looked >= ARTIFACTS.looked) return { found, isWhole: false }
  }
  return { found, isWhole: true }
}
