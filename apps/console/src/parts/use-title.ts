import { useEffect } from 'react'

/** The title of the browser's tab while this view is shown. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = `${title} – Runnel`
  }, [title])
}
