import { RequestError, type SubmittedProgram } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'
import { jobNotFound } from '../request-errors.ts'

/** What the job runs, as long as the job is kept. */
export const readProgram = async (parts: OperationParts, id: string): Promise<SubmittedProgram> => {
  const { subscriber, producer, programs } = parts
  const [isKept, queued] = await Promise.all([subscriber.has(id), producer.find(id)])
  const job = queued ?? (await programs.find(id))
  if (!isKept) throw jobNotFound()
  if (job === undefined) {
    throw new RequestError('job-not-found', 'The program of this job is not kept: an older version removed or wrote it')
  }
  const { program, extracted, isolation, limits, submittedAs, storedFiles, artifacts, serve, public: isPublic } = job
  const { language, files, entry, args, env, stdin, interactive, terminal } = program
  const [only] = files
  // Older versions did not note how it was submitted.
  const isCode = submittedAs === 'code' || (submittedAs === undefined && files.length === 1)
  return {
    jobId: id,
    language,
    ...(isCode && only?.encoding === 'utf8' ? { code: only.content } : { files }),
    ...(extracted === undefined ? {} : { extracted }),
    ...(storedFiles === undefined ? {} : { storedFiles }),
    ...(artifacts === undefined ? {} : { artifacts: artifacts.patterns }),
    entry,
    args,
    envNames: Object.keys(env),
    stdin,
    interactive,
    tty: terminal !== undefined,
    ...terminal,
    ...(serve && { serve }),
    ...(isPublic && { public: isPublic }),
    isolation,
    limits,
  }
}
