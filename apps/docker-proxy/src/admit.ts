import { ENGINE_CALLS, type EngineCallName } from '@runnel/sandbox/engine-calls'
import { LABEL } from '@runnel/sandbox/labels'
import { toPidsLimit } from '@runnel/sandbox/policy'
import { z } from 'zod'
import type { EngineRequest } from './ask-engine.ts'
import type { Call } from './find-call.ts'
import { Refusal } from './refusal.ts'
import { expectWithin, isOurImage, type SandboxRules, toSandboxBody } from './sandbox-body.ts'

const isLabelOfOurs = (label: string): boolean => label === LABEL.ours || label.startsWith(`${LABEL.worker}=`)

const isListOfOurs = (filters: string): boolean => {
  const found = z.strictObject({ label: z.tuple([z.string()]) }).safeParse(readJson(filters))
  return found.success && isLabelOfOurs(found.data.label[0])
}

const nothing = z.strictObject({})
const one = z.literal('1')
const yes = z.literal('true')

const QUERY = {
  ping: nothing,
  info: nothing,
  image: nothing,
  create: z.strictObject({ name: z.string() }),
  attach: z.strictObject({ stream: one, stdin: one, stdout: one, stderr: one }),
  start: nothing,
  update: nothing,
  pause: nothing,
  unpause: nothing,
  inspect: nothing,
  remove: z.strictObject({ force: yes, v: yes }),
  list: z.strictObject({ all: yes, filters: z.string().refine(isListOfOurs) }),
} satisfies Record<EngineCallName, z.ZodType<Record<string, string>>>

/** The most that a sandbox has beside those of its program. */
const AGENT_PROCESSES = toPidsLimit({ confinement: 'cell', use: 'sandbox', processes: 0, hasForkServer: true })

/** Nothing swaps: the two are equal in every sandbox. */
const updateSchema = z
  .strictObject({
    Memory: z.int().positive(),
    MemorySwap: z.int().positive(),
    PidsLimit: z.int().positive(),
  })
  .refine(({ Memory, MemorySwap }) => Memory === MemorySwap)

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const toBody = (call: Call, body: string, rules: SandboxRules): string | undefined => {
  if (call.name === 'create') return toSandboxBody(readJson(body), call.query['name'] ?? '', rules)
  if (call.name === 'update') {
    const limits = updateSchema.safeParse(readJson(body))
    if (!limits.success) throw new Refusal('An update of something other than memory and processes')
    expectWithin({ memoryBytes: limits.data.Memory, processes: limits.data.PidsLimit - AGENT_PROCESSES }, rules)
    return JSON.stringify(limits.data)
  }
  if (body !== '') throw new Refusal(`A body for "${call.name}", which takes none`)
  return undefined
}

/**
 * The request that the engine gets for this call; throws a Refusal if no worker makes such a call. Nothing of the original
 * request is passed on: address and body are written again from what was understood.
 */
export const admit = (call: Call, body: string, rules: SandboxRules): EngineRequest => {
  const query = QUERY[call.name].safeParse(call.query)
  if (!query.success) throw new Refusal(`A "${call.name}" with parameters that no worker sends`)
  if (call.image !== undefined && !isOurImage(call.image, rules))
    throw new Refusal(`A look at the image "${call.image}", which belongs to no language`)
  const { method, path } = ENGINE_CALLS[call.name]
  const filled = path.replace('{id}', call.id ?? '').replace('{image}', call.image ?? '')
  const search = new URLSearchParams(query.data).toString()
  return { method, path: search === '' ? filled : `${filled}?${search}`, body: toBody(call, body, rules) }
}
