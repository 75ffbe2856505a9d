import { useSyncExternalStore } from 'react'

/** Below this a page has no room for columns. The CSS has the same number. */
export const PHONE = '(max-width: 719px)'
export const FINGER = '(pointer: coarse)'

/** Whether a media query matches, now and when that changes. */
export const useMedia = (query: string): boolean =>
  useSyncExternalStore(
    (tell) => {
      const media = window.matchMedia(query)
      media.addEventListener('change', tell)
      return () => media.removeEventListener('change', tell)
    },
    () => window.matchMedia(query).matches,
  )
