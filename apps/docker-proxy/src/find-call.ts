import { ENGINE_CALLS, type EngineCallName } from '@runnel/sandbox/engine-calls'
import { Refusal } from './refusal.ts'

/** One of the calls that a worker makes, with the parts of its address. */
export interface Call {
  readonly name: EngineCallName
  /** A container's full id. Names and shortened ids are refused, because a worker uses neither. */
  readonly id: string | undefined
  readonly image: string | undefined
  readonly query: Readonly<Record<string, string>>
}

const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace('{id}', '(?<id>[0-9a-f]{64})').replace('{image}', '(?<image>[\\w.:/@-]+)')}$`)

const isName = (name: string): name is EngineCallName => Object.hasOwn(ENGINE_CALLS, name)

const PATTERNS = Object.entries(ENGINE_CALLS).map(([name, { method, path }]) => ({
  name,
  method,
  pattern: toPattern(path),
}))

export const findCall = (method: string, url: string): Call => {
  const [path = '', query = ''] = url.split('?', 2)
  for (const { name, pattern, ...call } of PATTERNS) {
    const match = call.method === method ? pattern.exec(path) : null
    if (match === null || !isName(name)) continue
    const { id, image } = match.groups ?? {}
    return { name, id, image, query: Object.fromEntries(new URLSearchParams(query)) }
  }
  throw new Refusal(`No worker calls ${method} ${path.slice(0, 200)}`)
}
