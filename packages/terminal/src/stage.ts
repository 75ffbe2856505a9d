import type { RunWords } from '@runnel/client/run-state'
import { toTitle } from './caret-notation.ts'
import { createFindBar, type Found } from './find-bar.ts'
import { createHeader } from './header.ts'
import { createNoticeBar, type NoticeBar } from './notice-bar.ts'
import { FONT, FONT_SIZE, SCROLLBACK, type TerminalOptions } from './options.ts'
import { addPageLinks } from './page-links.ts'
import type { ThemeName } from './palette.ts'
import { saysWhereItLeads, toSafeLink } from './safe-link.ts'
import { createScreen, type Screen } from './screen.ts'
import { readLines } from './screen-text.ts'
import { createTextView } from './text-view.ts'
import { createThemes } from './themes.ts'
import { createTyping, type Reader } from './typing.ts'
import { createView } from './view.ts'

export interface StageActs {
  readonly send: (text: string) => void
  readonly endInput: () => void
  readonly interrupt: () => void
  readonly refused: () => void
  readonly stop: () => void
  /** Tries the lost connection again now. */
  readonly retry: () => void
  readonly resized: (size: { readonly cols: number; readonly rows: number }) => void
  readonly title: (title: string) => void
  /** Whether xterm may answer the program's questions. */
  readonly answers: () => boolean
  readonly hasTerminal: () => boolean
}

/** All that is on the page while a terminal is attached to an element. It knows nothing of jobs. */
export interface Stage extends Disposable {
  readonly screen: Screen
  readonly notices: NoticeBar
  setReader(reader: Reader): void
  setTheme(theme: ThemeName): void
  showWords(words: RunWords, canStop: boolean): void
  /** Says a state to screen readers. */
  announce(sentence: string): void
  /** Something was printed. */
  printed(): void
  find(term: string, backwards: boolean): Found
  clearFind(): void
  openFind(): void
  text(): string
  copyAll(): Promise<void>
  showText(isShown: boolean): void
  focus(): void
}

const NOTHING: Found = { index: -1, count: 0 }

export const createStage = (element: HTMLElement, options: Omit<TerminalOptions, 'client'>, acts: StageActs): Stage => {
  const { fontFamily = FONT, fontSize = FONT_SIZE, scrollback = SCROLLBACK } = options
  const way = options.input ?? (window.matchMedia('(pointer: coarse)').matches ? 'field' : 'keys')
  const view = createView({ family: fontFamily, size: fontSize })
  const notices = createNoticeBar()
  const open = (href: string): void => void window.open(href, '_blank', 'noopener,noreferrer')

  const themes = createThemes(view.root, options.theme ?? 'system', (theme) => {
    screen.xterm.options.theme = theme
  })
  const screen = createScreen(view.pane, view.gutter, {
    fontFamily,
    fontSize,
    scrollback,
    theme: themes.palette,
    policy: { answers: acts.answers, hasTerminal: acts.hasTerminal },
    onLink: (target, printed) => {
      const link = toSafeLink(target)
      if (link === undefined) notices.say('This link was not opened: only http and https links are.')
      else if (saysWhereItLeads(printed, link)) open(link.href)
      else
        notices.say(`This link leads to ${link.shown}`, {
          text: 'Open',
          label: `Open ${link.shown}`,
          act: () => open(link.href),
        })
    },
    onLinkHover: (target) => {
      showTarget(target === undefined ? undefined : toSafeLink(target)?.shown)
    },
  })
  const { xterm, search } = screen
  const showTarget = (words: string | undefined): void => {
    view.target.hidden = words === undefined
    view.target.textContent = words ?? ''
  }
  if (options.linksOf !== undefined) addPageLinks(xterm, options.linksOf, showTarget)

  let found = NOTHING
  const searching = search.onDidChangeResults(({ resultIndex, resultCount }) => {
    found = { index: resultIndex, count: resultCount }
    bar.show(found)
  })
  const find = (term: string, backwards: boolean): Found => {
    found = NOTHING
    const { match, active } = themes.findColors
    const decorations = {
      matchBackground: match,
      activeMatchBackground: active,
      matchOverviewRuler: match,
      activeMatchColorOverviewRuler: active,
    }
    if (term === '') search.clearDecorations()
    else if (backwards) search.findPrevious(term, { decorations })
    else search.findNext(term, { decorations, incremental: true })
    bar.show(found)
    return found
  }
  const clearFind = (): void => {
    search.clearDecorations()
    xterm.clearSelection()
  }
  const bar = createFindBar({
    find,
    closed: () => {
      clearFind()
      typing.focus()
    },
  })
  const textView = createTextView(() => xterm.buffer.active)
  const showText = (isShown: boolean): void => {
    view.screen.hidden = isShown
    textView.show(isShown)
    header?.textShown(isShown)
    if (isShown) textView.element.focus()
    else screen.fitting.fit()
  }
  const text = (): string => readLines(xterm.buffer.normal).join('\n')
  const copyAll = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text())
      notices.say('Copied.')
    } catch {
      xterm.selectAll()
      notices.say('The browser refused to copy. All of the output is selected now: press Ctrl C or ⌘ C.')
    }
  }
  const openFind = (): void => {
    if (view.screen.hidden) showText(false)
    bar.open()
  }
  const header =
    options.header === false
      ? undefined
      : createHeader({ stop: acts.stop, retry: acts.retry, find: openFind, copy: () => void copyAll(), showText })

  const typing = createTyping(screen, view.screen, view.pane, way, {
    send: acts.send,
    endInput: acts.endInput,
    interrupt: acts.interrupt,
    refused: acts.refused,
    find: openFind,
    isPageKey: options.isPageKey ?? (() => false),
    left: () => {
      view.screen.focus()
      notices.say('You left the terminal. Tab goes on, Enter goes back in.')
      options.onLeave?.()
    },
  })
  view.screen.addEventListener('keydown', (event) => {
    if (event.target !== view.screen || event.key !== 'Enter' || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    typing.focus()
  })
  const titles = xterm.onTitleChange((given) => {
    const title = toTitle(given)
    header?.title(title)
    acts.title(title)
  })
  const sizes = xterm.onResize(acts.resized)

  if (header !== undefined) view.root.prepend(header.element)
  view.screen.after(textView.element, notices.element, typing.form)
  view.screen.append(bar.element)
  element.append(view.root)

  return {
    screen,
    notices,
    setReader: typing.setReader,
    setTheme: themes.set,
    showWords: (words, canStop) => header?.show(words, canStop),
    announce: view.announcer.state,
    printed: () => {
      textView.touch()
      view.announcer.printed(() => readLines(xterm.buffer.active, 1).at(-1) ?? '')
    },
    find,
    clearFind,
    openFind,
    text,
    copyAll,
    showText,
    focus: typing.focus,
    [Symbol.dispose]: () => {
      for (const part of [searching, titles, sizes]) part.dispose()
      for (const part of [typing, textView, notices, themes, view.announcer, screen]) part[Symbol.dispose]()
      view.root.remove()
    },
  }
}
