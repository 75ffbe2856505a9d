const NAME = 'runnel-preview'

/** The query with a first URL's signature. Signatures need no escaping. */
export const withSignature = (url: string, signature: string): string => `${url}/?${NAME}=${signature}`

/** What a first URL has: its signature, and the same URL without it. Undefined if it has none. */
export const readLink = (url: string): { readonly signature: string; readonly clean: string } | undefined => {
  const [path = '', ...rest] = url.split('?')
  const pairs = rest.join('?').split('&')
  const signature = pairs.find((pair) => pair.startsWith(`${NAME}=`))
  if (signature === undefined) return undefined
  const others = pairs.filter((pair) => !pair.startsWith(`${NAME}=`)).join('&')
  // Two slashes would lead to another host, and a browser takes a backslash for one.
  const clean = `${path.replace(/^[/\\]+/, '/')}${others === '' ? '' : `?${others}`}`
  return { signature: signature.slice(NAME.length + 1), clean }
}
