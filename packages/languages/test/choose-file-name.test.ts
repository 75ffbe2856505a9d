import { describe, expect, test } from 'vitest'
import { chooseFileName } from '../src/detection.ts'
import { findLanguage } from '../src/index.ts'

const nameOf = (id: string, code: string): string | undefined => {
  const language = findLanguage(id)
  return language === undefined ? undefined : chooseFileName(language, code)
}

describe('Code gets the file name', () => {
  test.each([
    ['main.jsx', 'javascript', 'const A = () => <b>hi</b>'],
    [
      'main.jsx',
      'javascript',
      'function A() {\n  return (\n    <ul>{xs.map((x) => <li key={x}>{x}</li>)}</ul>\n  )\n}',
    ],
    ['main.jsx', 'javascript', 'render(<App />)'],
    ['main.jsx', 'javascript', '<>\n  <A />\n</>'],
    ['main.js', 'javascript', "res.end('<h1>hi</h1>')"],
    ['main.js', 'javascript', 'const page = `\n<h1>hi</h1>\n`'],
    ['main.js', 'javascript', 'if (a <b && c> d) x = /<\\/b>/'],
    ['main.js', 'javascript', 'const A = () => <b>hi</b'],
    ['main.ts', 'typescript', 'const A = (p: Props) => <b>{p.x}</b>'],
    ['main.ts', 'typescript', 'const a = <T>b\nconst s = "</p>"'],
    ['main.ts', 'typescript', 'const f = <T>(x: T): T => x\nconsole.log("</p>")'],
    ['main.py', 'python', 'print("<b></b>")'],
    ['main.sh', 'bash', 'cat <<A\n<b></b>\nA'],
  ])('%s: %s, %j', (fileName, id, code) => {
    expect(nameOf(id, code)).toBe(fileName)
  })
})
