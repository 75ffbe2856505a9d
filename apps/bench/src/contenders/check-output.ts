/** An answer counts only when it is the answer to this very question. */
export const checkOutput = (output: string, token: string): void => {
  if (output === `${token}\n`) return
  throw new Error(`Expected ${token}, got ${JSON.stringify(output.slice(0, 500))}`)
}
