import { type SandboxEnding, sandboxEndingSchema } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'

/** A sandbox has just started, or ended. */
export type SandboxChange =
  | { readonly id: string; readonly status: 'running' }
  | { readonly id: string; readonly status: 'ended'; readonly ending: SandboxEnding }

const readChange = (message: string): SandboxChange | undefined => {
  const [id = '', status, word] = message.split(' ')
  if (status === 'running') return { id, status }
  const ending = sandboxEndingSchema.safeParse(word)
  return status === 'ended' && ending.success ? { id, status, ending: ending.data } : undefined
}

/** Calls back for each sandbox that starts or ends, right after it was noted. What happens while Redis is away is not reported. */
export const watchSandboxes = (
  options: { readonly subscriber: Redis; readonly prefix: string },
  onChange: (change: SandboxChange) => void,
): Disposable => {
  const { subscriber, prefix } = options
  const { sandboxChannel } = createRedisKeys(prefix)
  const onMessage = (channel: string, message: string): void => {
    const change = channel === sandboxChannel ? readChange(message) : undefined
    if (change !== undefined) onChange(change)
  }
  subscriber.on('message', onMessage)
  // The connection subscribes again by itself when Redis is back.
  subscriber.subscribe(sandboxChannel).catch(() => {})
  return {
    [Symbol.dispose]() {
      subscriber.off('message', onMessage)
    },
  }
}
