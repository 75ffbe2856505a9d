/**
 * Why a process cannot start. The message says what to change, so no stack is shown. Any other error at start
 * is our own fault and shows its stack.
 */
export class StartError extends Error {
  override name = 'StartError'
}
