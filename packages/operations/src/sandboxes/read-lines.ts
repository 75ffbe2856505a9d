import type { Readable } from 'node:stream'

/** The lines of a body, one at a time, as fast as they are taken. Who stops early destroys the body. */
export async function* readLines(body: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line
  }
  if (rest !== '') yield rest
}
