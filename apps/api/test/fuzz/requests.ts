import { stdinSchema } from '@runnel/contract/public'
import fc from 'fast-check'
import type { InjectOptions, RouteOptions } from 'fastify'
import { z } from 'zod'
import type { House } from './house.ts'
import { jsonTexts } from './json-texts.ts'
import { withOneChange } from './one-change.ts'
import { strangeName, strangeText } from './strange-values.ts'
import { valuesOf } from './values-of.ts'

/** Bodies that the handler checks, because the schema of the route says only that there is a body. */
const BODIES: Readonly<Record<string, z.ZodType>> = {
  'POST /v1/jobs/:id/stdin': stdinSchema,
  'POST /v1/sandboxes/:id/commands/:command/stdin': stdinSchema,
}

/** Headers for any route. There is no `Upgrade`: it needs a connection, which an injected request does not have. */
const HEADERS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'idempotency-key': fc.constantFrom('a', 'b', '', ' ', 'x'.repeat(255), 'x'.repeat(256), '\u00e9', '__proto__'),
  'last-event-id': fc.constantFrom('', '0-1', '1-1', '1-99', '-', '01-1', '1-1-1', '9'.repeat(30), '\u00ff'),
  accept: fc.constantFrom('*/*', 'text/event-stream', 'text/html;q=0.1,,', ';;;', 'x'.repeat(9_000), '\u0080'),
  origin: fc.constantFrom('null', 'https://evil.example', 'file://', '\u0001', 'http://[', ''),
  'content-encoding': fc.constantFrom('gzip', 'identity', 'br, gzip', ''),
  'x-forwarded-for': fc.constantFrom('127.0.0.1', 'x', '::1, ::1', ','),
  connection: fc.constantFrom('upgrade', 'close', 'keep-alive, upgrade'),
  expect: fc.constantFrom('100-continue', 'a miracle'),
  range: fc.constant('bytes=0-0,1-1,2-'),
  cookie: fc.constant('__proto__=1; ='),
  'x-http-method-override': fc.constantFrom('DELETE', 'TRACE'),
}

const CONTENT_TYPES = fc.constantFrom(
  'application/json; charset=utf-16',
  'application/json;',
  'application/json; a="',
  'APPLICATION/JSON',
  'application/octet-stream',
  'application/vnd.api+json',
  'text/plain',
  'multipart/form-data; boundary=x',
  '',
  '/',
  '__proto__',
  ' ; ',
  'x'.repeat(5_000),
)

const strangeAuthorization = ({ text }: House['caller']): fc.Arbitrary<string> =>
  fc.constantFrom(
    '',
    'Bearer',
    'Bearer ',
    `bearer  ${text}`,
    `Bearer\t${text}`,
    `Bearer ${text} `,
    `Bearer ${text}, Bearer ${text}`,
    `Basic ${text}`,
    text,
    text.slice(0, -1),
    `Bearer ${text.slice(0, 20)}`,
    'Bearer rnl___proto___x',
    `Bearer rnl_${'a'.repeat(16)}_${'A'.repeat(43)}`,
    `Bearer ${'x'.repeat(9_000)}`,
    'Bearer \u00ff\u0080',
  )

const mostly = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>, weight = 7): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: other })

const toSegment = (text: string): string => encodeURIComponent(text.toWellFormed())

const paths = ({ url }: RouteOptions, { ids }: House): fc.Arbitrary<string> => {
  if (!url.includes(':') && !url.includes('*')) return fc.constant(url)
  const known = Object.entries(ids).find(([start]) => url.startsWith(start))?.[1] ?? []
  if (known.length === 0 && url.includes(':')) throw new Error(`Cannot make up an id for ${url}: add some to the house`)
  const segment = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...known, 'openapi.json') },
    { weight: 2, arbitrary: strangeText.map(toSegment) },
    { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%c0%af', '..%2f..', '%00', '//', ';a=b', 'a'.repeat(20_000)) },
  )
  return segment.map((id) => url.replace(/:\w+|\*/, () => id))
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** Parameters from the schema, some repeated, some unknown. */
const queries = (schema: unknown, { words }: House): fc.Arbitrary<string> => {
  const known = schema instanceof z.ZodType ? valuesOf(schema, words) : fc.constant({})
  const given = fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: withOneChange(known) })
  const toPairs = (value: unknown): string[] =>
    Object.entries(value ?? {}).map(
      ([name, part]) => `${toSegment(name)}=${toSegment(isText(part) ? part : (JSON.stringify(part) ?? ''))}`,
    )
  const more = fc.oneof(
    fc.tuple(strangeName, strangeText).map(([name, text]) => `${toSegment(name)}=${toSegment(text.slice(0, 3_000))}`),
    fc.constantFrom('&&&', '=', '?', '__proto__[a]=1', 'a[]=1&a[b]=2', 'ticket=x&ticket=y', 'ticket=', '%', '%ff=%fe'),
  )
  return fc
    .tuple(given, mostly(fc.constant(''), more), mostly(fc.constant(false), fc.boolean()))
    .map(([value, extra, isTwice]) => {
      const pairs = [...toPairs(value), ...(extra === '' ? [] : [extra])]
      return [...pairs, ...(isTwice ? pairs : [])].join('&')
    })
}

const bodies = (route: RouteOptions, name: string, { words }: House): fc.Arbitrary<string | Buffer | undefined> => {
  const schema = BODIES[name] ?? route.schema?.body
  const bytes = fc.oneof(
    fc.uint8Array().map((all) => Buffer.from(all)),
    fc.constant(Buffer.from([...Buffer.from('{"code":"'), 0xc0, 0xaf, ...Buffer.from('"}')])),
  )
  if (schema === undefined) return mostly(fc.constant(undefined), fc.oneof(fc.constantFrom('', '{}', '{'), bytes))
  if (!(schema instanceof z.ZodType)) throw new Error(`Cannot make up bodies for ${name}: its schema is not of zod`)
  return fc.oneof(
    { weight: 12, arbitrary: jsonTexts(valuesOf(schema, words)) },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
}

const present = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

/** Public pages. They take no input, so there is little to try and nothing to refuse. One has 5 MB. */
export const isOpen = ({ url }: RouteOptions): boolean => /^\/(?:docs|health)(?:\/|$)/.test(url)

export const nameOf = ({ method, url }: RouteOptions): string => `${[method].flat().join()} ${url}`

/** Valid values for each part of a request, as far as a part can be valid alone. */
export const plainRequests = (route: RouteOptions, house: House): fc.Arbitrary<InjectOptions> => {
  const { url, schema } = route
  const known = Object.entries(house.ids).find(([start]) => url.startsWith(start))?.[1] ?? ['openapi.json']
  const body =
    house.bodies[nameOf(route)] ?? (schema?.body instanceof z.ZodType ? valuesOf(schema.body, house.words) : undefined)
  return fc
    .record({
      id: fc.constantFrom(...known),
      payload: body?.map((value) => JSON.stringify(value)) ?? fc.constant(undefined),
    })
    .map(({ id, payload }) => ({
      method: toMethod([route.method].flat()[0]),
      url: url.replace(/:\w+|\*/, () => id),
      headers: present({
        authorization: house.caller.headers.authorization,
        'content-type': payload && 'application/json',
      }),
      ...(payload === undefined ? {} : { payload }),
    }))
}

/** Each part is valid or not, independent of the others. */
const oddRequests = (route: RouteOptions, house: House): fc.Arbitrary<InjectOptions> => {
  const [method] = [route.method].flat()
  const name = nameOf(route)
  const authorization = mostly(
    fc.constant<string | undefined>(house.caller.headers.authorization),
    fc.option(strangeAuthorization(house.caller), { nil: undefined }),
    3,
  )
  const headers = Object.entries(HEADERS).map(([header, values]) => [
    header,
    fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values }),
  ])
  return fc
    .record({
      path: paths(route, house),
      query: queries(route.schema?.querystring, house),
      payload: bodies(route, name, house),
      authorization,
      contentType: mostly(fc.constant('application/json'), CONTENT_TYPES),
      headers: fc.record<Record<string, string | undefined>>(Object.fromEntries(headers)),
      remoteAddress: fc.ipV4(),
    })
    .map(({ path, query, payload, authorization: key, contentType, headers: more, remoteAddress }) => ({
      method: toMethod(method),
      url: query === '' ? path : `${path}?${query}`,
      remoteAddress,
      headers: present({
        ...more,
        authorization: key,
        'content-type': payload === undefined ? undefined : contentType,
      }),
      ...(payload === undefined ? {} : { payload }),
    }))
}

/**
 * Requests for one route: valid ones, and others with one or two changes. Throws if there are no valid values for what it
 * takes. A quarter is unchanged, or few would pass the checks of a route with many fields.
 */
export const requestsFor = (route: RouteOptions, house: House): fc.Arbitrary<InjectOptions> =>
  mostly(oddRequests(route, house), plainRequests(route, house), 3)

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const
const toMethod = (method: string | undefined): (typeof METHODS)[number] => {
  const known = METHODS.find((one) => one === method)
  if (known === undefined) throw new Error(`Cannot make requests with ${method}`)
  return known
}
