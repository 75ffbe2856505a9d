import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameDecoder, encodeFrame, type Frame, ProtocolError } from '../src/agent/frames.ts'
import { createDockerStreamDecoder } from '../src/docker/docker-stream.ts'
import { cut } from './cut.ts'

const decodeAll = (chunks: readonly Buffer[]): Frame[] => {
  const frames: Frame[] = []
  const decode = createFrameDecoder((frame) => frames.push({ ...frame, payload: Buffer.from(frame.payload) }))
  for (const chunk of chunks) decode(chunk)
  return frames
}

const frameList = fc.array(
  fc.record({ kind: fc.nat(255), stream: fc.nat(0xffffffff), payload: fc.uint8Array({ maxLength: 300 }) }),
  { maxLength: 20 },
)

describe('The frame decoder', () => {
  it('finds the same frames however the bytes are split', () => {
    fc.assert(
      fc.property(frameList, fc.array(fc.nat(10_000)), (frames, places) => {
        const bytes = Buffer.concat(frames.map(({ kind, stream, payload }) => encodeFrame(kind, stream, payload)))
        expect(decodeAll(cut(bytes, places))).toEqual(
          frames.map((frame) => ({ ...frame, payload: Buffer.from(frame.payload) })),
        )
      }),
    )
  })

  it('finds them byte by byte', () => {
    const frames = [
      { kind: 65, stream: 2, payload: Buffer.from('héllo') },
      { kind: 67, stream: 2, payload: Buffer.of() },
      { kind: 66, stream: 1, payload: Buffer.alloc(9) },
    ]
    const bytes = Buffer.concat(frames.map(({ kind, stream, payload }) => encodeFrame(kind, stream, payload)))
    expect(decodeAll([...bytes].map((byte) => Buffer.from([byte])))).toEqual(frames)
  })

  it('looks at no byte twice: the largest frames, byte by byte, take no longer than small ones', () => {
    const largest = encodeFrame(65, 2, Buffer.alloc(128 * 1024, 'x'))
    let bytes = 0
    const decode = createFrameDecoder(({ payload }) => {
      bytes += payload.length
    })
    // If they were copied again with each byte, these would be more than a hundred gigabytes.
    for (let frame = 0; frame < 16; frame += 1) {
      for (let at = 0; at < largest.length; at += 1) decode(largest.subarray(at, at + 1))
    }
    expect(bytes).toBe(16 * 128 * 1024)
  })

  it('refuses a frame of 4 GiB before holding any of it', () => {
    const announced = Buffer.from([0xff, 0xff, 0xff, 0xff, 65, 0, 0, 0, 2])
    expect(() => decodeAll([announced])).toThrow(new ProtocolError('The agent announced a frame of 4294967295 bytes'))
  })

  it('survives any bytes at all: frames or a refusal, nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 500 })), (chunks) => {
        try {
          decodeAll(chunks.map((chunk) => Buffer.from(chunk)))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})

describe('The decoder of Docker’s own framing', () => {
  const piece = (which: number, bytes: string) => {
    const header = Buffer.from([which, 0, 0, 0, 0, 0, 0, 0])
    header.writeUInt32BE(bytes.length, 4)
    return Buffer.concat([header, Buffer.from(bytes)])
  }

  it('separates the streams, however the bytes are split', () => {
    const bytes = Buffer.concat([piece(1, 'out'), piece(2, 'err'), piece(1, ''), piece(1, 'put')])
    fc.assert(
      fc.property(fc.array(fc.nat(100)), (places) => {
        let [out, err] = ['', '']
        const decode = createDockerStreamDecoder(
          (chunk) => {
            out += chunk.toString()
          },
          (chunk) => {
            err += chunk.toString()
          },
        )
        for (const chunk of cut(bytes, places)) decode(chunk)
        expect([out, err]).toEqual(['output', 'err'])
      }),
    )
  })

  it('takes ten thousand tiny pieces in one chunk', () => {
    let bytes = 0
    const decode = createDockerStreamDecoder(
      (chunk) => {
        bytes += chunk.length
      },
      () => {},
    )
    decode(Buffer.concat(Array.from({ length: 10_000 }, () => piece(1, 'x'))))
    expect(bytes).toBe(10_000)
  })

  it('refuses a stream that Docker does not have', () => {
    const decode = createDockerStreamDecoder(
      () => {},
      () => {},
    )
    expect(() => decode(piece(3, 'x'))).toThrow('unknown stream 3')
  })
})
