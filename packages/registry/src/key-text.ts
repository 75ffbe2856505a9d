import { randomBytes } from 'node:crypto'
import { createSecret } from './secret.ts'

const ID_BYTES = 8
const KEY = /^rnl_([0-9a-f]{16})_([\w-]{43})$/

/** Matches a key, to find one in a place where it must not be: a URL, a log, a repository. */
export const KEY_TEXT = /rnl_[0-9a-f]{16}_[\w-]{43}/

export interface KeyParts {
  /** Not secret: used to look the key up, and to name it in lists and logs. */
  readonly id: string
  readonly secret: string
}

export const createKeyParts = (): KeyParts => ({ id: randomBytes(ID_BYTES).toString('hex'), secret: createSecret() })

export const toKeyText = ({ id, secret }: KeyParts): string => `rnl_${id}_${secret}`

export const readKeyText = (text: string): KeyParts | undefined => {
  const [, id, secret] = KEY.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}
