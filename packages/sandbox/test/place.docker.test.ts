import { LANGUAGES } from '@runnel/languages'
import { eventually } from '@runnel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../src/index.ts'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { DIFFERENCES } from './place/differences.ts'
import { observeHere, observePlain, type Way } from './place/observe.ts'

const TERMINAL = { terminal: { cols: 80, rows: 24 } }
const OWN = { env: { OWN: '1' }, args: ['one'] }

/** Started ahead where there is an interpreter to start, and anew where the job has variables or arguments. */
const WAYS: readonly Way[] = [
  { language: 'python', program: {} },
  { language: 'python', program: OWN },
  { language: 'javascript', program: {} },
  { language: 'javascript', program: OWN },
  { language: 'typescript', program: {} },
  { language: 'bash', program: {} },
  { language: 'python', program: TERMINAL },
  { language: 'bash', program: TERMINAL },
]

const ROWS = Object.values(DIFFERENCES).flat()
const RULES = ROWS.flatMap(({ facts }) => facts)

const isNamed = (fact: string, name: string | RegExp) => (typeof name === 'string' ? fact === name : name.test(fact))

const isListed = (fact: string, here: string | undefined): boolean =>
  RULES.some(([name, value]) => {
    if (!isNamed(fact, name)) return false
    return value instanceof RegExp ? here !== undefined && value.test(here) : value === here
  })

describe('A program', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())
  const seen = new Set<string>()

  it.each(WAYS)('finds what it would find in a plain container, in $language with $program', async (way) => {
    const [plain, here] = await Promise.all([observePlain(way), observeHere(sandboxes, way)])
    const facts = [...new Set([...Object.keys(plain), ...Object.keys(here)])]
    for (const fact of facts) seen.add(fact)
    const unlisted = facts
      .filter((fact) => plain[fact] !== here[fact] && !isListed(fact, here[fact]))
      .map((fact) => ({ fact, plain: plain[fact], here: here[fact] }))
    expect(unlisted, 'differences that are not in differences.ts').toEqual([])
  })

  it.each(LANGUAGES)('finds what the one before it in the same container found, in $id', async ({ id: language }) => {
    const observe = async () => {
      let sandbox = ''
      const onSandbox = ({ id }: Sandbox) => {
        sandbox = id
      }
      const facts = await observeHere(
        sandboxes,
        { language, program: {} },
        { tenantId: `place-${language}`, onSandbox },
      )
      return { sandbox, facts }
    }
    const first = await observe()
    // A job does not wait for a container that is being cleaned, and may get another one.
    const next = await eventually(async () => {
      const found = await observe()
      if (found.sandbox !== first.sandbox) throw new Error('It ran in another container')
      return found
    })
    // Docker leaves the first workspace open to others, and the agent closes those after it. There are no others.
    const { 'file: /workspace': _first, ...wanted } = first.facts
    const { 'file: /workspace': _next, ...found } = next.facts
    expect(found).toEqual(wanted)
  })

  it('could find each difference that is listed', () => {
    const unknown = ROWS.filter(({ facts }) => !facts.some(([name]) => [...seen].some((fact) => isNamed(fact, name))))
    expect(unknown).toEqual([])
  })
})
