import { RequestError } from '@runnel/contract/public'
import { Decoder, type DecoderOptions, Encoder } from 'socket.io-parser'
import { boundJson } from '../input-bounds.ts'

/**
 * socket.io's own parser, with our bounds: packets are read on the event loop, as soon as they come. What `add` throws reaches the
 * sockets of the client as `error`, and its connection is closed.
 */
class BoundDecoder extends Decoder {
  constructor(options?: DecoderOptions) {
    super({ ...options, maxAttachments: 0 })
  }

  override add(packet: unknown): void {
    if (typeof packet !== 'string') throw new RequestError('invalid-request', 'Cannot read binary packets: send text')
    boundJson(Buffer.from(packet), 'the packet')
    super.add(packet)
  }
}

export const packetParser = { Encoder, Decoder: BoundDecoder }
