import type { Sandbox } from '@runnel/client'
import { useEffect } from 'react'

/** A program that writes all the time makes the page read the files this often. */
const SOON_MS = 300

/** Calls `onChange` soon after something has happened to a file in the folder, however deep. */
export const useWatchedFolder = (sandbox: Sandbox, folder: string, onChange: () => void): void => {
  useEffect(() => {
    const left = new AbortController()
    let soon: ReturnType<typeof setTimeout> | undefined
    const onEvent = (): void => {
      soon ??= setTimeout(() => {
        soon = undefined
        onChange()
      }, SOON_MS)
    }
    // Without it (the sandbox has too many watchers, say) there is still the button that reads the files again.
    sandbox.files
      .watchDir(folder, onEvent, { recursive: true, reuse: true, signal: left.signal })
      .then(async (watch) => {
        if (left.signal.aborted) await watch.stop()
        else left.signal.addEventListener('abort', () => void watch.stop(), { once: true })
      })
      .catch(() => {})
    return () => {
      left.abort()
      clearTimeout(soon)
    }
  }, [sandbox, folder, onChange])
}
