import type { Tone } from '@runnel/client/run-state'

/** The token with this tone's colour. */
export const toneColor = (tone: Tone): string => {
  if (tone === 'idle') return 'var(--muted)'
  if (tone === 'running') return 'var(--accent)'
  if (tone === 'lost') return 'var(--queued)'
  return `var(--${tone})`
}
