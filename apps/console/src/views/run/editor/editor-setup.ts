import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language'
import { searchKeymap } from '@codemirror/search'
import type { Extension } from '@codemirror/state'
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { editorTheme } from './editor-theme.ts'

/** The page runs on Mod-Enter and Shift-Enter wherever the focus is, so these must not put a line into the program. */
const NOT_THE_PAGES = new Set(['Mod-Enter', 'Shift-Enter'])

/** What every file's editor has. Esc, then Tab leaves it: CodeMirror's own rule for keyboards. */
export const editorSetup: Extension = [
  lineNumbers(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  history(),
  drawSelection(),
  dropCursor(),
  indentOnInput(),
  indentUnit.of('    '),
  bracketMatching(),
  closeBrackets(),
  EditorView.contentAttributes.of({
    'aria-label': 'Program',
    // It can be reached without this too, but not every checker knows.
    tabindex: '0',
    spellcheck: 'false',
    autocorrect: 'off',
    autocapitalize: 'off',
  }),
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap.filter(({ key }) => !NOT_THE_PAGES.has(key ?? '')),
    ...searchKeymap,
    ...historyKeymap,
    indentWithTab,
  ]),
  editorTheme,
]
