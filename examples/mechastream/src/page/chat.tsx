import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ANSWERS, type Answer, findAnswer } from './assistant.ts'

type Message = { readonly id: number } & (
  | { readonly from: 'you' | 'assistant'; readonly text: string }
  | { readonly from: 'program'; readonly answer: Answer }
)

const GREETING = 'Ask me for a program, and run it beside the chat. I know only a few, and I answer from a list.'
const UNKNOWN = 'I do not know a program for that. Try one of the questions below.'

const LANGUAGES = { python: 'Python', javascript: 'JavaScript' } as const

const Program = ({ answer, isRunning, onRun }: { answer: Answer; isRunning: boolean; onRun: () => void }) => (
  <div className="program">
    <p>{answer.text}</p>
    <div className="code">
      <div className="code-head">
        <span>{LANGUAGES[answer.language]}</span>
        <button type="button" className="run" onClick={onRun} disabled={isRunning}>
          Run
        </button>
      </div>
      <pre>{answer.code}</pre>
    </div>
  </div>
)

/** A conversation with the assistant. `onRun` is called with a program that the reader wants to see run. */
export const Chat = ({ isRunning, onRun }: { isRunning: boolean; onRun: (answer: Answer) => void }) => {
  const [messages, setMessages] = useState<readonly Message[]>([{ id: 0, from: 'assistant', text: GREETING }])
  const [draft, setDraft] = useState('')
  const end = useRef<HTMLDivElement>(null)

  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' })
  }, [messages])

  const ask = (text: string): void => {
    const answer = findAnswer(text)
    setMessages((all) => [
      ...all,
      { id: all.length, from: 'you', text },
      answer === undefined
        ? { id: all.length + 1, from: 'assistant', text: UNKNOWN }
        : { id: all.length + 1, from: 'program', answer },
    ])
    setDraft('')
  }
  const send = (event: FormEvent): void => {
    event.preventDefault()
    if (draft.trim() !== '') ask(draft.trim())
  }

  return (
    <section className="chat" aria-label="Conversation">
      <div className="messages" aria-live="polite">
        {messages.map((message) =>
          message.from === 'program' ? (
            <article key={message.id} className="message assistant">
              <Program answer={message.answer} isRunning={isRunning} onRun={() => onRun(message.answer)} />
            </article>
          ) : (
            <article key={message.id} className={`message ${message.from}`}>
              <p>{message.text}</p>
            </article>
          ),
        )}
        <div ref={end} />
      </div>
      <div className="questions">
        {ANSWERS.map(({ question }) => (
          <button key={question} type="button" onClick={() => ask(question)}>
            {question}
          </button>
        ))}
      </div>
      <form className="ask" onSubmit={send}>
        <input
          aria-label="Your question"
          placeholder="Ask for a program…"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
        <button type="submit" className="primary">
          Send
        </button>
      </form>
    </section>
  )
}
