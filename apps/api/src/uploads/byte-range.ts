import { RequestError } from '@runnel/contract/public'

export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** More digits than any size has. */
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/

/**
 * The part of a file that `Range` asks for, both ends included. Undefined: all of it. So it is with what we do not serve, such as several
 * ranges: the standard lets a server ignore them. Throws `range-not-satisfiable` if it begins after the end.
 */
export const readRange = (header: string | undefined, sizeBytes: number): ByteRange | undefined => {
  const [, from = '', to = ''] = RANGE.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  const end = sizeBytes - 1
  // `-5`: the last five bytes.
  const range =
    from === ''
      ? { first: Math.max(0, sizeBytes - Number(to)), last: end }
      : { first: Number(from), last: to === '' ? end : Math.min(end, Number(to)) }
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
  if (range.first <= range.last) return range
  throw new RequestError(
    'range-not-satisfiable',
    `Cannot serve the range ${JSON.stringify(header)}: the file has ${sizeBytes} bytes`,
  )
}
