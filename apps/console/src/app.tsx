import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { lazy, type ReactElement, useEffect, useState } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import styles from './app.module.css'
import { Empty } from './parts/notice.tsx'
import { noteRefusal, useWho } from './session.ts'
import { KeyList } from './shell/key-list.tsx'
import { Rail } from './shell/rail.tsx'
import { ViewBoundary } from './shell/view-boundary.tsx'
import { Who } from './shell/who.tsx'
import { RunView } from './views/run/index.tsx'

const History = lazy(() => import('./views/history/index.tsx'))
const Compare = lazy(() => import('./views/compare/index.tsx'))
const Sandboxes = lazy(() => import('./views/sandboxes/index.tsx'))
const Files = lazy(() => import('./views/files/index.tsx'))
const SandboxView = lazy(() => import('./views/sandbox/index.tsx'))
const Operate = lazy(() => import('./views/operate/index.tsx'))
const Keys = lazy(() => import('./views/keys/index.tsx'))
const SignIn = lazy(() => import('./views/sign-in/index.tsx'))
const Account = lazy(() => import('./views/account/index.tsx'))
const SignedOut = lazy(() => import('./views/sign-in/signed-out.tsx'))
const SignInBar = lazy(() => import('./views/sign-in/sign-in-bar.tsx'))

/** A request is not sent again by itself after an answer of 400 to 499: the same request gets the same answer. */
const shouldRetry = (failures: number, error: unknown): boolean => {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return failures < 2 && !(typeof status === 'number' && status >= 400 && status < 500)
}

const onError = (error: unknown): void => noteRefusal(queries, error)
const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: { queries: { retry: shouldRetry, staleTime: 2_000 } },
})

const isField = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable="true"], .xterm') !== null

/** `/` and `/r/:job` are one view: the editor stays as it is when a run begins. */
const RUN = /^\/(?:r\/(?<job>[^/]+))?$/

/** Who is signed out can write a program, and sees nothing else. The address stays, so signing in leads to where it says. */
const Views = (): ReactElement => {
  const [location] = useLocation()
  const { isSignedOut, hasEnded } = useWho()
  const isRun = RUN.test(location)
  return (
    <ViewBoundary key={isRun ? 'run' : location}>
      {isSignedOut && isRun && <SignInBar hasEnded={hasEnded} />}
      <Switch>
        {isSignedOut && !isRun && (
          <Route>
            <SignedOut hasEnded={hasEnded} />
          </Route>
        )}
        <Route path={RUN}>{({ job }) => <RunView jobId={job} />}</Route>
        <Route path="/history" component={History} />
        <Route path="/history/compare" component={Compare} />
        <Route path="/sandboxes" component={Sandboxes} />
        <Route path="/files" component={Files} />
        <Route path="/s/:sandbox">{({ sandbox }) => <SandboxView key={sandbox} id={sandbox} />}</Route>
        <Route path="/ops" component={Operate} />
        <Route path="/ops/keys" component={Keys} />
        <Route path="/sign-in" component={SignIn} />
        <Route path="/account" component={Account} />
        <Route>
          <Empty title="There is nothing at this address.">
            <p>
              Runs are at <code>/r/job_…</code>, what ran is in the history.
            </p>
          </Empty>
        </Route>
      </Switch>
    </ViewBoundary>
  )
}

export const App = (): ReactElement => {
  const [hasKeyList, setKeyList] = useState(false)
  useEffect(() => {
    const showKeys = (event: KeyboardEvent): void => {
      if (event.key !== '?' || event.ctrlKey || event.metaKey || isField(event.target)) return
      event.preventDefault()
      setKeyList(true)
    }
    document.addEventListener('keydown', showKeys)
    return () => document.removeEventListener('keydown', showKeys)
  }, [])
  return (
    <QueryClientProvider client={queries}>
      <div className={styles.app}>
        <Rail onKeys={() => setKeyList(true)} who={<Who />} />
        <main className={styles.view}>
          <Views />
        </main>
      </div>
      <KeyList isOpen={hasKeyList} onClose={() => setKeyList(false)} />
    </QueryClientProvider>
  )
}
