/** How many bytes a character has, by its first byte; 0 if no character starts with it. */
const lengthOf = (first: number): number => {
  if (first >= 0xc2 && first <= 0xdf) return 2
  if (first >= 0xe0 && first <= 0xef) return 3
  if (first >= 0xf0 && first <= 0xf4) return 4
  return 0
}

/** After some first bytes fewer second bytes are valid: no overlong forms, no surrogates, nothing above U+10FFFF. */
const maySecond = (first: number, second: number): boolean => {
  if (first === 0xe0) return second >= 0xa0 && second <= 0xbf
  if (first === 0xed) return second >= 0x80 && second <= 0x9f
  if (first === 0xf0) return second >= 0x90 && second <= 0xbf
  if (first === 0xf4) return second >= 0x80 && second <= 0x8f
  return second >= 0x80 && second <= 0xbf
}

const isContinuation = (byte: number): boolean => byte >= 0x80 && byte <= 0xbf

/**
 * How many of the last bytes (0 to 3) are the start of a character that may still be completed. Bytes that cannot become a
 * valid character count as complete: waiting would not make them UTF-8.
 */
export const incompleteTail = (bytes: Uint8Array): number => {
  for (let tail = 1; tail <= Math.min(3, bytes.length); tail += 1) {
    const first = bytes[bytes.length - tail] ?? 0
    if (isContinuation(first)) continue
    if (lengthOf(first) <= tail) return 0
    const second = bytes[bytes.length - tail + 1]
    return second === undefined || maySecond(first, second) ? tail : 0
  }
  return 0
}

/** Cuts `bytes` into parts of at most `maxBytes` (4 or more). UTF-8 is cut between characters. */
export const cutBetweenCharacters = (bytes: Uint8Array, maxBytes: number): Uint8Array[] => {
  const parts: Uint8Array[] = []
  let from = 0
  while (bytes.length - from > maxBytes) {
    const part = bytes.subarray(from, from + maxBytes)
    const whole = part.length - incompleteTail(part)
    parts.push(part.subarray(0, whole))
    from += whole
  }
  parts.push(bytes.subarray(from))
  return parts
}
