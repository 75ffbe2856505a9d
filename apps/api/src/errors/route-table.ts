/** The methods of each route, by URL pattern. Needed for 405: Fastify answers 404 if the URL exists with another method. */
export type RouteTable = Map<string, Set<string>>

const isMatch = (pattern: string, path: string): boolean => {
  const wanted = pattern.split('/')
  const given = path.split('/')
  // What `*` stands for may have slashes.
  if (wanted.at(-1) === '*') return isMatch(wanted.slice(0, -1).join('/'), given.slice(0, wanted.length - 1).join('/'))
  return wanted.length === given.length && wanted.every((part, at) => part.startsWith(':') || part === given[at])
}

export const addRoute = (routes: RouteTable, url: string, methods: string | readonly string[]): void => {
  const known = routes.get(url) ?? new Set()
  for (const method of [methods].flat()) known.add(method)
  routes.set(url, known)
}

export const findAllowedMethods = (routes: RouteTable, path: string): readonly string[] => [
  ...new Set([...routes].flatMap(([pattern, methods]) => (isMatch(pattern, path) ? [...methods] : []))),
]
