/** Throws unless the output is exactly the token of this program. */
export const checkOutput = (output: string, token: string): void => {
  if (output === `${token}\n`) return
  throw new Error(`Expected ${token}, got ${JSON.stringify(output.slice(0, 500))}`)
}
