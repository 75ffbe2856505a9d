import type { OperationParts } from '../parts.ts'

const SWEEP_EVERY_MS = 60_000

/**
 * Removes files that have expired, and what killed uploads have left. Every API process sweeps: each file is removed once,
 * whoever comes first. If Redis or the store does not answer, the next turn tries again.
 */
export const sweepFiles = (options: {
  readonly files: OperationParts['files']
  readonly log: { warn(details: object, message: string): void }
}): Disposable => {
  const { files, log } = options
  let isSweeping = false
  const sweep = async (): Promise<void> => {
    if (isSweeping) return
    isSweeping = true
    await files.sweep().catch((err: unknown) => log.warn({ err }, 'Cannot remove the files that have expired'))
    isSweeping = false
  }
  const timer = setInterval(() => void sweep(), SWEEP_EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
