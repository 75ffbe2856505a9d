import { readFileSync } from 'node:fs'
import { StartError } from '@runnel/process'

const read = (setting: string, path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StartError(`${setting}: cannot be read: name a file in PEM format`, { cause })
  }
}

/** The certificate and the key of the gateway; undefined if it speaks plain HTTP. Throws a StartError. */
export const readGatewayTls = (given: {
  readonly RUNNEL_GATEWAY_CERT_FILE?: string | undefined
  readonly RUNNEL_GATEWAY_KEY_FILE?: string | undefined
}): { readonly cert: string; readonly key: string } | undefined => {
  const { RUNNEL_GATEWAY_CERT_FILE: cert, RUNNEL_GATEWAY_KEY_FILE: key } = given
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    throw new StartError('RUNNEL_GATEWAY_CERT_FILE and RUNNEL_GATEWAY_KEY_FILE: set both, or none')
  }
  return { cert: read('RUNNEL_GATEWAY_CERT_FILE', cert), key: read('RUNNEL_GATEWAY_KEY_FILE', key) }
}
