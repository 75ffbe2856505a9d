/** No job of this id has a log, or not any more. */
export class JobNotFoundError extends Error {
  override name = 'JobNotFoundError'
}
