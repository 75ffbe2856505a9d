import { sandboxIdSchema } from '@runnel/contract/public'
import type { PreviewDomain } from './preview-domain.ts'

/** One port of one sandbox: what has an origin of its own. */
export interface PreviewAddress {
  readonly sandboxId: string
  readonly port: number
}

const LABEL = /^([1-9]\d{0,4})-(.+)$/
const LAST_PORT = 65_535

/** The name in a Host, as the DNS compares names: without a port, a dot at the end, and capitals. */
export const toHostName = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')

/** All values of Host that a request has, in its order. */
export const hostsOf = (rawHeaders: readonly string[]): readonly string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host')

/** Whether the name belongs to previews. Below `localhost` are previews; `localhost` itself is this machine, and so the API. */
export const isPreviewName = (name: string, { host }: PreviewDomain): boolean =>
  name.endsWith(`.${host}`) || (name === host && host !== 'localhost')

/** Which preview has this name, `<port>-<sandboxId>.<domain>`. Undefined if none can. */
export const readPreviewName = (name: string, { host }: PreviewDomain): PreviewAddress | undefined => {
  const [, digits, id] = LABEL.exec(name.slice(0, -host.length - 1)) ?? []
  const sandboxId = sandboxIdSchema.safeParse(id)
  const port = Number(digits)
  return sandboxId.success && port <= LAST_PORT ? { sandboxId: sandboxId.data, port } : undefined
}
