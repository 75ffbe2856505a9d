import { RequestError } from '@runnel/contract/public'

/** Work on something that the caller asked for. If it cannot be done for a reason that the caller can know, the error names it. */
export const sayWhich = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    throw new RequestError(error.code, `${what} could not be made. ${error.message}`, { cause: error })
  }
}
