import { parseArgs } from 'node:util'
import { keyRequestSchema, tenantIdSchema, tenantLimitsSchema } from '@runnel/contract/public'
import type { Logger } from '@runnel/process'
import { StartError } from '@runnel/process'
import type { Keys, Tenants } from '@runnel/registry'
import type { z } from 'zod'
import { toInvalidRequest } from './errors/invalid-request.ts'

const USAGE = `npm run keys -- <command>

  create --tenant <id> --scopes submit,read[,sandboxes][,admin] [--name <words>] [--expires-at <time>]
                      Makes a key and prints it: here, and never again.
  list                All keys, the newest first, without their secrets.
  revoke <key id>     Within five seconds it is refused everywhere, and its streams are closed.
  tenant <id>         Prints a tenant's limits.
  tenant <id> <json>  Sets them, for example '{"running": 4, "submitsPerMinute": 60}'.

Redis is the one of a running \`npm start\`, or the one that REDIS_URL names.`

interface Parts {
  readonly keys: Keys
  readonly tenants: Tenants
  /** One line for each change: what, for which tenant, and who made it. */
  readonly log: Logger
  readonly print: (text: string) => void
}

const read = <S extends z.ZodType>(schema: S, value: unknown, whole: string): z.output<S> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new StartError(toInvalidRequest(result.error, whole).message)
}

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StartError('Cannot read the limits: they are not valid JSON', { cause })
  }
}

const OPTIONS = {
  tenant: { type: 'string' },
  scopes: { type: 'string' },
  name: { type: 'string' },
  'expires-at': { type: 'string' },
} as const

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
  }
}

const toPretty = (value: unknown): string => JSON.stringify(value, null, 2)

/** Runs the command with the arguments after `npm run keys --`. Throws one sentence if they are wrong. */
export const runKeyCommand = async (args: readonly string[], { keys, tenants, log, print }: Parts): Promise<void> => {
  const { values, positionals } = parse(args)
  const [command, id, json, ...more] = positionals
  const by = 'command'

  if (command === 'create' && id === undefined) {
    const { tenant, scopes, name, 'expires-at': expiresAt } = values
    const request = read(keyRequestSchema, { tenant, scopes: scopes?.split(','), name, expiresAt }, 'the key')
    const { key, text } = await keys.create(request)
    log.info({ keyId: key.id, tenant: key.tenant, scopes: key.scopes, by }, 'A key was made')
    print(text)
  } else if (command === 'list' && id === undefined) {
    for (const key of await keys.list()) print(JSON.stringify(key))
  } else if (command === 'revoke' && id !== undefined && json === undefined) {
    const revoked = await keys.revoke(id)
    if (revoked === undefined) throw new StartError(`There is no key with the id ${JSON.stringify(id)}`)
    const { key, isNew } = revoked
    if (isNew) log.info({ keyId: key.id, tenant: key.tenant, by }, 'A key was revoked')
    print(toPretty(key))
  } else if (command === 'tenant' && id !== undefined && more.length === 0) {
    const tenant = read(tenantIdSchema, id, 'the tenant')
    if (json !== undefined) {
      const limits = read(tenantLimitsSchema, readJson(json), 'the limits')
      await tenants.set({ id: tenant, limits })
      log.info({ tenant, limits, by }, "A tenant's limits were set")
    }
    print(toPretty(await tenants.get(tenant)))
  } else {
    throw new StartError(USAGE)
  }
}
