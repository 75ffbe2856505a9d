import { toBytes } from '@runnel/client'
import { client } from '../../../client.ts'

/** All that a run printed so far or will print, as a file of the browser's downloads. Its bytes are the program's own. */
export const downloadOutput = async (jobId: string, fileName: string, signal: AbortSignal): Promise<void> => {
  const parts: Uint8Array<ArrayBuffer>[] = []
  for await (const event of client.jobs.follow(jobId, { signal })) {
    // Another try begins: what the lost one printed is dropped, here as on the screen.
    if (event.type === 'restarted') parts.length = 0
    if (event.type === 'stdout' || event.type === 'stderr') parts.push(new Uint8Array(toBytes(event)))
  }
  const address = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  // The browser has taken it when it has handled the click.
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
