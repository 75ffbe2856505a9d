import { Terminal } from '@runnel/terminal/react'
import { useEffect, useState } from 'react'
import type { Answer } from './assistant.ts'
import { Chat } from './chat.tsx'
import { client } from './client.ts'
import { SignIn } from './sign-in.tsx'
import { WebContainerTerminal } from './web-container-terminal.tsx'

interface Run {
  readonly number: number
  readonly generatedCode: Pick<Answer, 'code' | 'language'>
}

export const App = () => {
  const [needsKey, setNeedsKey] = useState(false)
  const [run, setRun] = useState<Run>()
  /** The original component executes when this becomes true, and says when it has finished. */
  const [shouldExecute, setShouldExecute] = useState(false)

  useEffect(() => {
    fetch('/v1/languages').then(
      ({ status }) => setNeedsKey(status === 401),
      () => {},
    )
  }, [])

  const start = ({ code, language }: Answer): void => {
    setRun({ number: (run?.number ?? 0) + 1, generatedCode: { code, language } })
    setShouldExecute(true)
  }

  return (
    <div className="page">
      <header>
        <h1>MechaStream</h1>
        <p>A chat that writes programs, and Runnel, which runs them</p>
      </header>
      {needsKey && <SignIn />}
      <main>
        <Chat isRunning={shouldExecute} onRun={start} />
        <section className="terminals" aria-label="Runs">
          <div className="terminal">
            <h2>
              The component that the app has <code>socket.io</code>
            </h2>
            <WebContainerTerminal
              shouldExecute={shouldExecute}
              generatedCode={run?.generatedCode ?? null}
              onExecutionComplete={() => setShouldExecute(false)}
            />
          </div>
          <div className="terminal">
            <h2>
              Runnel's own <code>@runnel/terminal</code>
            </h2>
            {run === undefined ? (
              <p className="empty">Press Run on a program.</p>
            ) : (
              <Terminal key={run.number} client={client} {...run.generatedCode} className="own" />
            )}
          </div>
        </section>
      </main>
    </div>
  )
}
