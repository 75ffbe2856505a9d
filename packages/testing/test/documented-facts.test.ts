import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_STATUS, jobEventSchema, LIMIT_NAMES, LIMITS, outcomeSchema } from '@runnel/contract/public'
import { LANGUAGES } from '@runnel/languages'
import { expect, test } from 'vitest'

const DOCS = join(import.meta.dirname, '../../../docs')
const MIB = 1024 * 1024

/** The rows of the first table below a heading. */
const rowsOf = (page: string, heading: string): string[] => {
  const sections = readFileSync(join(DOCS, page), 'utf8').split(/^#+ /m)
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? ''
  // The first two lines of a table are its head.
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
}

/** What stands in code style in a cell. */
const codeOf = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

const expectRows = (page: string, found: readonly string[], wanted: readonly string[], source: string): void => {
  const faults = [
    ...wanted
      .filter((row) => !found.includes(row))
      .map((row) => `docs/${page}: there is no row "${row}", as in ${source}`),
    ...found
      .filter((row) => !wanted.includes(row))
      .map((row) => `docs/${page}: the row "${row}" is not as in ${source}`),
  ]
  expect(faults).toEqual([])
}

const toAmount = (name: string, value: number): string => {
  if (!name.endsWith('Bytes') || value < MIB) return value.toLocaleString('en-US')
  return value % (1024 * MIB) === 0 ? `${value / (1024 * MIB)} GiB` : `${value / MIB} MiB`
}

test('the table of limits is LIMITS', () => {
  const page = 'limits-and-outcomes.md'
  const wanted = LIMIT_NAMES.map((name) => {
    const { default: fallback, minimum, maximum } = LIMITS[name]
    return [`\`${name}\``, ...[fallback, minimum, maximum].map((value) => toAmount(name, value))].join(' | ')
  })
  const found = rowsOf(page, 'Limits').map((row) => cellsOf(row).slice(0, 4).join(' | '))
  expectRows(page, found, wanted, 'LIMITS')
})

test('the table of outcomes is outcomeSchema', () => {
  const page = 'limits-and-outcomes.md'
  const wanted = outcomeSchema.options.map(({ shape }) => {
    const fields = Object.keys(shape).filter((field) => field !== 'type' && field !== 'limitsHit')
    return fields.length === 0 ? shape.type.value : `${shape.type.value} {${fields.join(', ')}}`
  })
  const found = rowsOf(page, 'Outcomes').map((row) => codeOf(cellsOf(row)[0]).join())
  expectRows(page, found, wanted, 'outcomeSchema')
})

test('the table of events is jobEventSchema', () => {
  const page = 'api.md'
  const wanted = jobEventSchema.options.map(({ shape }) => {
    const fields = Object.keys(shape).filter((field) => !['jobId', 'id', 'at', 'type'].includes(field))
    return `${shape.type.value}: ${fields.toSorted().join(', ')}`
  })
  const found = rowsOf(page, 'Events').flatMap((row) => {
    const [types, fields] = cellsOf(row)
    return codeOf(types).map((type) => `${type}: ${codeOf(fields).toSorted().join(', ')}`)
  })
  expectRows(page, found, wanted, 'jobEventSchema')
})

test('the table of errors is ERROR_STATUS', () => {
  const page = 'api.md'
  const wanted = Object.entries(ERROR_STATUS).map(([code, status]) => `${status} \`${code}\``)
  const found = rowsOf(page, 'Errors').map((row) => cellsOf(row).slice(0, 2).join(' '))
  expectRows(page, found, wanted, 'ERROR_STATUS')
})

test('the table of languages is the catalogue', () => {
  const page = 'languages.md'
  const wanted = LANGUAGES.map(({ id, aliases, version, command, fileName }) =>
    [`\`${id}\``, aliases.join(', '), version.split(',')[0], `\`${command(fileName).join(' ')}\``].join(' | '),
  )
  const found = rowsOf(page, 'Languages').map((row) => {
    const [id, aliases, runs = '', as = ''] = cellsOf(row)
    return [id, aliases, runs.split(/[,;]| with /)[0], `\`${codeOf(as)[0]}\``].join(' | ')
  })
  expectRows(page, found, wanted, 'LANGUAGES')
})
