/** Chance that comes out the same in each run. */
export const createRandom = (seed: number) => {
  let state = seed
  const chance = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const pick = (count: number): number => Math.floor(chance() * count)
  const shuffle = <T>(items: T[]): T[] => {
    const rest = items.splice(0)
    while (rest.length > 0) {
      const at = pick(rest.length)
      const last = rest.pop()
      if (last === undefined) break
      const chosen = at === rest.length ? last : (rest[at] ?? last)
      if (at < rest.length) rest[at] = last
      items.push(chosen)
    }
    return items
  }
  return { chance, pick, shuffle }
}
