import type { Locator, Page } from 'playwright-core'

/** What tests do in the Run view, in the words of a person. */
export interface RunPage {
  readonly page: Page
  /** The sentence about the run, with what stands beneath it. */
  readonly state: Locator
  /** Puts this program into the editor. */
  write(program: string): Promise<void>
  run(): Promise<void>
  /** Waits until the state has these words. */
  untilState(words: string | RegExp, withinMs?: number): Promise<void>
  /** Waits until the output has this text. */
  untilOutput(text: string | RegExp): Promise<void>
  /** The lines on the terminal's screen, without empty ones. */
  outputLines(): Promise<string[]>
  /** What the editor shows. */
  program(): Promise<string>
  jobId(): string
  button(name: string | RegExp): Locator
}

/** A page that shows the Run view, once one can type. */
export const useRunPage = async (page: Page): Promise<RunPage> => {
  const state = page.getByTestId('state')
  const editor = page.locator('.cm-content')
  const rows = page.locator('.xterm-rows > div')
  await editor.waitFor()
  const outputLines = async (): Promise<string[]> =>
    (await rows.allInnerTexts()).map((line) => line.replaceAll('\u00a0', ' ').trimEnd()).filter((line) => line !== '')
  return {
    page,
    state,
    async write(program) {
      await editor.click()
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.press('Delete')
      // As one paste of plain text: typing would indent and close brackets by itself.
      await page.keyboard.insertText(program)
    },
    run: () => page.keyboard.press('Control+Enter'),
    untilState: (words, withinMs = 15_000) => state.filter({ hasText: words }).waitFor({ timeout: withinMs }),
    untilOutput: (text) => rows.filter({ hasText: text }).first().waitFor(),
    outputLines,
    program: async () =>
      (await page.locator('.cm-line').allInnerTexts()).map((line) => line.replace(/\n$/, '')).join('\n'),
    jobId: () => new URL(page.url()).pathname.replace('/r/', ''),
    button: (name) => page.getByRole('button', { name }),
  }
}
