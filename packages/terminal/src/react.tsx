import type { Runnel, Submission } from '@runnel/client'
import { type CSSProperties, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { createTerminal } from './create-terminal.ts'
import type { TerminalOptions } from './options.ts'
import type { ThemeName } from './palette.ts'
import type { Terminal as Core, TerminalSnapshot } from './terminal.ts'

interface Place {
  readonly className?: string | undefined
  /** The terminal fills its element, so the element needs a height. */
  readonly style?: CSSProperties | undefined
}

export interface TerminalViewProps extends Place {
  /** Made with `createTerminal`. */
  readonly terminal: Core
}

/** Shows a terminal that you made and keep. Taking it off the page ends nothing: the job goes on. */
export const TerminalView = ({ terminal, className, style }: TerminalViewProps) => {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => (element.current === null ? undefined : terminal.attach(element.current)), [terminal])
  return <div ref={element} className={className} style={style} />
}

/** The state of a terminal, for a component that shows it elsewhere. */
export const useTerminalSnapshot = (terminal: Core): TerminalSnapshot =>
  useSyncExternalStore(terminal.subscribe, () => terminal.snapshot)

/** A program, which runs when it comes onto the page; or a job, which is shown. */
type Subject =
  | {
      readonly code: string
      /** Left out: detected. */
      readonly language?: string | undefined
      /** `tty`, `args`, `limits` and whatever else a submission may have. */
      readonly submission?: Omit<Submission, 'code' | 'files' | 'language'> | undefined
      readonly jobId?: undefined
    }
  | {
      readonly jobId: string
      readonly code?: undefined
      readonly language?: undefined
      readonly submission?: undefined
    }

export type TerminalProps = Place &
  Subject & {
    /** Make it once, outside of the component. */
    readonly client: Runnel
    readonly theme?: ThemeName | undefined
    /** Read once, when the run comes onto the page. */
    readonly options?: Omit<TerminalOptions, 'client' | 'theme'> | undefined
    /** The id of the job that `code` became. */
    readonly onSubmitted?: ((jobId: string) => void) | undefined
  }

/**
 * A run, live. `code` is submitted once, also in StrictMode; another program or job is another run. Taking the component off
 * the page ends nothing.
 */
export const Terminal = (props: TerminalProps) => {
  const { code, language, submission, jobId } = props
  return <Run key={JSON.stringify([jobId, code, language, submission])} {...props} />
}

const Run = ({ client, theme, options, onSubmitted, className, style, ...subject }: TerminalProps) => {
  const [terminal] = useState(() => createTerminal({ ...options, client, theme }))
  const isSubmitted = useRef(false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another subject is another component, by its key
  useEffect(() => {
    if (subject.jobId !== undefined) return terminal.show(subject.jobId)
    if (isSubmitted.current) return
    isSubmitted.current = true
    const { code, language, submission } = subject
    terminal.run({ ...submission, code, language }).then(onSubmitted, () => {
      // The terminal says it.
    })
  }, [terminal])
  useEffect(() => {
    if (theme !== undefined) terminal.setTheme(theme)
  }, [terminal, theme])

  return <TerminalView terminal={terminal} className={className} style={style} />
}
