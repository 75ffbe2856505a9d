import { Busboy, type BusboyConfig, type BusboyInstance } from '@fastify/busboy'
import { RequestError } from '@runnel/contract/public'

export const invalidForm = (why: string, cause?: unknown): RequestError =>
  new RequestError('invalid-request', `Cannot read the form: ${why}`, { cause })

/** Of the headers of one part: a name, a type, and little else. */
const HEADERS = { headerPairs: 16, headerSize: 16 * 1024 }

/** A parser of multipart/form-data that takes so many files and no fields. Their names keep their folders. */
export const openFormParser = (contentType: string, files: number): BusboyInstance => {
  const config: BusboyConfig = {
    headers: { 'content-type': contentType },
    limits: { files, fields: 0, ...HEADERS },
    preservePath: true,
  }
  try {
    return new Busboy(config)
  } catch (cause) {
    throw invalidForm('its Content-Type has no valid boundary', cause)
  }
}
