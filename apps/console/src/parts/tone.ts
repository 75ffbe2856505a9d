/** What colour, glyph and line a run has. The words are `describeRun`'s, of @runnel/client/run-state. */
export type Tone = 'ready' | 'queued' | 'running' | 'ok' | 'failed' | 'limit' | 'canceled' | 'ours' | 'lost'

/** The token with this tone's colour. */
export const toneColor = (tone: Tone): string => {
  if (tone === 'ready') return 'var(--muted)'
  if (tone === 'running') return 'var(--accent)'
  if (tone === 'lost') return 'var(--queued)'
  return `var(--${tone})`
}
