/**
 * Why a process cannot start, in words for the operator: the message says what to change, so no stack is shown.
 * Anything else that ends a start is our own fault and shows its stack.
 */
export class StartError extends Error {
  override name = 'StartError'
}
