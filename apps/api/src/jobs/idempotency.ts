import { createHash } from 'node:crypto'
import type { Submission } from '@runnel/contract/public'
import type { EnqueueOptions } from '@runnel/queue/producer'

/** Of what was read, so that spacing, the order of fields and a repeated field make no difference. */
const toFingerprint = ({ env, ...submission }: Submission): string => {
  const sorted = Object.entries(env).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const fields = Object.entries({ ...submission, env: sorted }).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url')
}

/** What makes a submission happen once; nothing where the caller gave no key. */
export const toOnce = (key: string | undefined, submission: Submission): Pick<EnqueueOptions, 'once'> =>
  key === undefined ? {} : { once: { key, fingerprint: toFingerprint(submission) } }
