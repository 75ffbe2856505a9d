import { createTextOfStream, type JobEvent } from '@runnel/client'

export type OutputEvent = Extract<JobEvent, { type: 'stdout' | 'stderr' }>

/**
 * More marks than this on one letter make a browser's text layout slow, and no writing has them. Joined emoji have up to
 * seven joiners and marks.
 */
const MOST_MARKS = 24
const TOO_MANY_MARKS = new RegExp(`([\\p{M}\\u200D]{${MOST_MARKS}})[\\p{M}\\u200D]+`, 'gu')
const HAS_MARKS = /[\u0300-\uFFFF]/

/** The text of both streams. A character may be split between two events of one stream. */
export const createOutputText = () => {
  const streams = { stdout: createTextOfStream(), stderr: createTextOfStream() }
  return {
    add: (event: OutputEvent): string => {
      const text = streams[event.type].add(event)
      return HAS_MARKS.test(text) ? text.replace(TOO_MANY_MARKS, '$1') : text
    },
    /** What was left of split characters at the end. */
    end: (): string => streams.stdout.end() + streams.stderr.end(),
  }
}
