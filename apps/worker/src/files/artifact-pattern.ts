/** Matches one name: `*` is any text, `?` one character. It never goes back further than to the last `*`, so it is quick for any input. */
const matchesName = (pattern: string, name: string): boolean => {
  let [inPattern, inName] = [0, 0]
  let [star, restart] = [-1, 0]
  while (inName < name.length) {
    const wanted = pattern[inPattern]
    if (wanted === '*') {
      star = inPattern
      restart = inName
      inPattern += 1
    } else if (wanted === '?' || wanted === name[inName]) {
      inPattern += 1
      inName += 1
    } else if (star >= 0) {
      restart += 1
      inPattern = star + 1
      inName = restart
    } else return false
  }
  while (pattern[inPattern] === '*') inPattern += 1
  return inPattern === pattern.length
}

/** `**` in place of a name is any number of folders; at the end also what is in them. */
const matchesPath = (pattern: readonly string[], path: readonly string[]): boolean => {
  /** Whether the pattern up to here fits the first `n` names of the path. */
  let fits = Array.from({ length: path.length + 1 }, (_, n) => n === 0)
  for (const part of pattern) {
    const next = Array.from({ length: path.length + 1 }, () => false)
    for (const [n] of next.entries()) {
      const before = n === 0 ? false : (fits[n - 1] ?? false)
      if (part === '**') next[n] = (fits[n] ?? false) || (n > 0 && (next[n - 1] ?? false))
      else next[n] = before && matchesName(part, path[n - 1] ?? '')
    }
    fits = next
  }
  return fits[path.length] ?? false
}

/** Whether a path, relative to the workspace, fits one of the patterns. */
export const createPathTest = (patterns: readonly string[]): ((path: string) => boolean) => {
  const split = patterns.map((pattern) => pattern.split('/'))
  return (path) => {
    const names = path.split('/')
    return split.some((pattern) => matchesPath(pattern, names))
  }
}
