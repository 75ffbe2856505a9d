/**
 * How Docker frames an attached stream without a terminal:  u8 stream | 3 bytes | u32 length | that many bytes.
 * Stream 1 is the container's standard output (the agent's frames), 2 its standard error (what the agent's interpreter
 * prints when it crashes). It loops instead of recursing, because one chunk may have ten thousand tiny pieces.
 */
const HEADER_BYTES = 8

export const createDockerStreamDecoder = (
  onStdout: (bytes: Buffer) => void,
  onStderr: (bytes: Buffer) => void,
): ((chunk: Buffer) => void) => {
  const header = Buffer.alloc(HEADER_BYTES)
  let headerFill = 0
  let left = 0
  return (chunk) => {
    let at = 0
    while (at < chunk.length) {
      if (left === 0) {
        const taken = chunk.copy(header, headerFill, at, at + HEADER_BYTES - headerFill)
        headerFill += taken
        at += taken
        if (headerFill < HEADER_BYTES) return
        headerFill = 0
        left = header.readUInt32BE(4)
        if (header[0] !== 1 && header[0] !== 2) throw new Error(`Docker sent bytes of the unknown stream ${header[0]}`)
        continue
      }
      const piece = chunk.subarray(at, at + left)
      at += piece.length
      left -= piece.length
      if (header[0] === 1) onStdout(piece)
      else onStderr(piece)
    }
  }
}
