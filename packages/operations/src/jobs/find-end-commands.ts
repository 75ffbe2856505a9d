import type { EndCommands } from '@runnel/output/log-writer'
import type { History } from '@runnel/registry'

/** The commands that note the end of a job in the history. None for a job of an older version, which is not in there. */
export const findEndCommands = async (
  { history }: { readonly history: Pick<History, 'find' | 'endCommands'> },
  jobId: string,
): Promise<EndCommands> => {
  const record = await history.find(jobId)
  return (end) => (record === undefined ? [] : history.endCommands(record, end))
}
