/** What RFC 8187 lets stand as it is. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/**
 * `Content-Disposition` of a download: a browser saves the file and never shows it, whatever its type. It gets the last part of the
 * name, once in ASCII for old clients and once as it is.
 */
export const toAttachment = (name: string): string => {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const simple = last.replaceAll(/[^\x20-\x7e]|["%]/g, '_')
  return `attachment; filename="${simple}"; filename*=UTF-8''${encode(last)}`
}
