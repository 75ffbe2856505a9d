import { createTextOfStream, type JobEvent } from '@runnel/client'

export type OutputEvent = Extract<JobEvent, { type: 'stdout' | 'stderr' }>

/**
 * What may go on without end and still be one character: marks on a letter, people that are joined to a family, the parts of a
 * Korean syllable. No writing needs as many as these, and drawing a thousand takes a browser seconds, so the rest is dropped.
 */
const ENDLESS = [
  /([\p{M}\u200D]{16})[\p{M}\u200D]+/gu,
  /((?:[^\u200D]{1,3}\u200D){8})(?:[^\u200D]{1,3}\u200D)+/gu,
  /([\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]{16})[\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]+/gu,
] as const
const MAY_JOIN = /[\u0300-\uFFFF]/

const cutCharacters = (text: string): string =>
  MAY_JOIN.test(text) ? ENDLESS.reduce((cut, endless) => cut.replace(endless, '$1'), text) : text

/** The text of both streams. A character may be split between two events of one stream. */
export const createOutputText = () => {
  const streams = { stdout: createTextOfStream(), stderr: createTextOfStream() }
  return {
    add: (event: OutputEvent): string => cutCharacters(streams[event.type].add(event)),
    /** What was left of split characters at the end. */
    end: (): string => streams.stdout.end() + streams.stderr.end(),
  }
}
