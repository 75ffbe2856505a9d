import type { JobProgram } from '@runnel/client'
import { createDraft, createFile, type Draft } from './draft.ts'
import { withLimits } from './to-submission.ts'

/** A draft of what a job ran, with all its limits. The values of its environment are not told, so their names wait for them. */
export const fromProgram = (program: JobProgram): Draft => {
  const files = (program.files ?? []).map(({ path, content, encoding }) => createFile(path, content, encoding))
  const entry = files.find(({ path }) => path === program.entry) ?? createFile(program.entry, program.code ?? '')
  const others = files.filter((file) => file !== entry)
  const draft: Draft = {
    ...createDraft([entry, ...others]),
    isNameAutomatic: program.code !== undefined,
    language: program.language,
    stdin: program.stdin,
    args: program.args.join('\n'),
    env: program.envNames.map((name) => `${name}=`).join('\n'),
    tty: program.tty,
    jobId: program.jobId,
  }
  return withLimits(draft, program.limits)
}
