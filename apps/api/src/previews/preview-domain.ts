/** The names below it are those of previews. */
export interface PreviewDomain {
  /** In lower case. */
  readonly host: string
  /** For the URLs that are given out; undefined: the port that the API was asked at. */
  readonly port: number | undefined
}

export const readPreviewDomain = (text: string): PreviewDomain => {
  const [host = '', port] = text.split(':')
  return { host, port: port === undefined ? undefined : Number(port) }
}

/** Browsers resolve these names to their own machine, and take and send `Secure` cookies over plain HTTP there. */
export const isLocal = ({ host }: PreviewDomain): boolean => host === 'localhost' || host.endsWith('.localhost')
