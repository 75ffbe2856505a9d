import { randomBytes } from 'node:crypto'
import { createSecret } from './secret.ts'

const ID_BYTES = 8
const SESSION = /^([0-9a-f]{16})\.([0-9a-f]{16})\.([\w-]{43})$/

/** What a browser keeps in its cookie: `<key id>.<session id>.<secret>`. Only the secret is secret. */
export interface SessionParts {
  readonly keyId: string
  readonly id: string
  readonly secret: string
}

export const createSessionParts = (keyId: string): SessionParts => ({
  keyId,
  id: randomBytes(ID_BYTES).toString('hex'),
  secret: createSecret(),
})

export const toSessionText = ({ keyId, id, secret }: SessionParts): string => `${keyId}.${id}.${secret}`

export const readSessionText = (text: string): SessionParts | undefined => {
  const [, keyId, id, secret] = SESSION.exec(text) ?? []
  return keyId === undefined || id === undefined || secret === undefined ? undefined : { keyId, id, secret }
}
