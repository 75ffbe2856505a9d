import { Component, type ReactNode, Suspense } from 'react'
import { Button } from '../parts/button.tsx'
import { Failed, Loading } from '../parts/notice.tsx'

interface ViewBoundaryProps {
  readonly children: ReactNode
}

/** A chunk that is not there any more: the server has a newer page than this tab. */
const isOldPage = (error: unknown): boolean =>
  error instanceof Error && /dynamically imported module|Importing a module script failed/.test(error.message)

/**
 * One view: what it shows while its chunk loads, and in its place when it fails. The rail and the other views go on.
 * Give it the route as `key`, so that another view starts anew.
 */
export class ViewBoundary extends Component<ViewBoundaryProps, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: undefined }

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return <Suspense fallback={<Loading what="Loading…" />}>{this.props.children}</Suspense>
    if (!isOldPage(error))
      return <Failed what="This view failed" error={error} retry={() => this.setState({ error: undefined })} />
    return (
      <Failed
        what="This view could not be loaded"
        error={new Error('The server may have a newer page. Load it again.')}
      >
        <Button onClick={() => location.reload()}>Reload</Button>
      </Failed>
    )
  }
}
