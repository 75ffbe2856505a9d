import { type Key, type KeyRequest, keyRequestSchema } from '@runnel/contract/public'
import type { Api } from './api.ts'

export interface KeyHolder {
  readonly key: Key
  /** The key itself. */
  readonly text: string
  readonly headers: { readonly authorization: string }
}

/** A new key. By default it belongs to the tenant `acme` and may submit and read. */
export const holdKey = async ({ backend }: Api, request: Partial<KeyRequest> = {}): Promise<KeyHolder> => {
  const wanted = keyRequestSchema.parse({ tenant: 'acme', scopes: ['submit', 'read'], ...request })
  const { key, text } = await backend.keys.create(wanted)
  return { key, text, headers: { authorization: `Bearer ${text}` } }
}

export const submitAs = async (
  { app }: Api,
  { headers }: Pick<KeyHolder, 'headers'>,
  payload: object = {},
): Promise<string> => {
  const response = await app.inject({
    method: 'POST',
    url: '/v1/jobs',
    headers,
    payload: { code: 'print(1)', ...payload },
  })
  if (response.statusCode !== 202) throw new Error(response.body)
  return response.json().id
}
