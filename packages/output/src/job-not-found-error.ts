/** There is no log for this job id, or no longer. */
export class JobNotFoundError extends Error {
  override name = 'JobNotFoundError'
}
