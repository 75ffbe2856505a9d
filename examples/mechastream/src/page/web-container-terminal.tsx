import { useEffect, useRef, useState } from 'react'
import { io } from 'socket.io-client'

// The component as an app has it that was written for another service: it knows nothing of Runnel, of keys or of cookies. It is
// here to show that such an app needs no change, so do not improve it. For an app of your own, use `<Terminal>`.

const SOCKET_URL = 'http://localhost:5000'

interface Props {
  readonly shouldExecute: boolean
  readonly generatedCode: { readonly code: string; readonly language: string } | null
  readonly onExecutionComplete?: () => void
}

export const WebContainerTerminal = ({ shouldExecute, generatedCode, onExecutionComplete }: Props) => {
  const [lines, setLines] = useState<string[]>([])
  const [isRunning, setIsRunning] = useState(false)
  const onComplete = useRef(onExecutionComplete)
  onComplete.current = onExecutionComplete

  useEffect(() => {
    const socket = io(SOCKET_URL)
    socket.on('execution_output', ({ output }: { output: string }) => {
      setLines((current) => [...current, output])
    })
    socket.on('execution_complete', () => {
      setIsRunning(false)
      onComplete.current?.()
    })
    return () => {
      socket.disconnect()
    }
  }, [])

  useEffect(() => {
    if (!shouldExecute || generatedCode === null) return
    setLines([])
    setIsRunning(true)
    fetch('/api/execute', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code: generatedCode.code, language: generatedCode.language }),
    }).catch((error: Error) => {
      setLines((current) => [...current, `Error: ${error.message}`])
      setIsRunning(false)
    })
  }, [shouldExecute, generatedCode])

  return (
    <div className="web-container-terminal">
      <div className="web-container-terminal-header">
        <span>Terminal</span>
        <span>{isRunning ? 'Running…' : 'Ready'}</span>
      </div>
      <pre className="web-container-terminal-output">{lines.join('\n')}</pre>
    </div>
  )
}
