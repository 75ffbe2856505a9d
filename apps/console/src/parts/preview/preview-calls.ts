import { client } from '../../client.ts'

/** A URL that opens a preview once, in a frame or in a tab. */
export interface PreviewLink {
  readonly url: string
  /** null: it is good as long as the sandbox lives. */
  readonly expiresAt: string | null
}

/** A request that came to a preview. */
export interface PreviewRequest {
  readonly id: string
  readonly at: string
  readonly port: number
  readonly method: string
  readonly path: string
  readonly status: number | null
  readonly durationMs: number
}

const pathOf = (sandboxId: string): string => `/v1/sandboxes/${encodeURIComponent(sandboxId)}`

/** Each frame and each tab needs one of its own. */
export const makeLink = (sandboxId: string, port: number, signal?: AbortSignal): Promise<PreviewLink> =>
  client.request<PreviewLink>('POST', `${pathOf(sandboxId)}/ports/${port}/url`, { signal })

/** The latest requests, oldest first. */
export const listRequests = async (sandboxId: string, signal: AbortSignal): Promise<readonly PreviewRequest[]> =>
  (await client.request<{ requests: PreviewRequest[] }>('GET', `${pathOf(sandboxId)}/requests`, { signal })).requests

/** The ports that programs in a sandbox listen on. */
export const listPorts = async (sandboxId: string, signal: AbortSignal): Promise<readonly number[]> =>
  (await client.request<{ ports: { port: number }[] }>('GET', `${pathOf(sandboxId)}/ports`, { signal })).ports.map(
    ({ port }) => port,
  )

/** Opens the preview in a tab of its own. The tab opens at once: browsers allow that only while the click is handled. */
export const openInTab = async (sandboxId: string, port: number): Promise<void> => {
  const tab = window.open('about:blank', '_blank')
  if (tab === null)
    throw new Error('The browser did not let the page open a tab. Allow it for this page, and try again')
  try {
    const { url } = await makeLink(sandboxId, port)
    tab.location.replace(url)
  } catch (error) {
    tab.close()
    throw error
  }
}
