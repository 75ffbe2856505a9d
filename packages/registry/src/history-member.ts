/** Enough digits for milliseconds until the year 33658, so that text order is time order. */
const TIME_DIGITS = 15
const CURSOR = /^\d{15}:[A-Za-z0-9_-]{1,64}$/

/** A job in a sorted set of the history: when it was submitted, and its id. With '' for the id: before all jobs of that time. */
export const toMember = (atMs: number, jobId: string): string => `${String(atMs).padStart(TIME_DIGITS, '0')}:${jobId}`

export const toJobId = (member: string): string => member.slice(TIME_DIGITS + 1)

/** Milliseconds since 1970. */
export const timeOfMember = (member: string): number => Number(member.slice(0, TIME_DIGITS))

export const isCursor = (text: string): boolean => CURSOR.test(text)
