import { expect, test } from 'vitest'
import { findFault } from '../../src/run-state.ts'

const PYTHON = `Traceback (most recent call last):
  File "/workspace/main.py", line 3, in <module>
    f(0)
  File "/workspace/lib/half.py", line 2, in f
    return json.loads(x)
  File "/usr/local/lib/python3.13/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
`
const COLOURED = `  File \x1b[35m"/workspace/main.py"\x1b[0m, line \x1b[35m6\x1b[0m, in \x1b[35m<module>\x1b[0m\r
    \x1b[31m1/\x1b[1;31m0\x1b[0m\r
\x1b[1;35mZeroDivisionError\x1b[0m: \x1b[35mdivision by zero\x1b[0m\r
`
const SYNTAX = `  File "/workspace/main.py", line 2
    if x
        ^
SyntaxError: expected ':'
`
const CHAINED = `Traceback (most recent call last):
  File "/workspace/main.py", line 2, in <module>
    {}[1]
KeyError: 1

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/workspace/main.py", line 4, in <module>
    raise Boom
__main__.Boom
`
const NODE = `/workspace/main.js:2
  throw new RangeError("no")
  ^

RangeError: no
second line
    at f (/workspace/main.js:2:9)
    at Object.<anonymous> (/workspace/main.js:4:1)
    at Module._compile (node:internal/modules/cjs/loader:1929:14)
`
const MODULE = `TypeError [ERR_X]: no
    at file:///workspace/src/a.mjs:7:3
    at async main (file:///workspace/main.mjs:1:1)
`
const NODE_SYNTAX = `file:///workspace/main.mjs:2
const
^^^^^

SyntaxError: Unexpected token 'const'
    at compileSourceTextModule (node:internal/modules/esm/utils:319:16)
`

test.each([
  [
    'a trace of Python: the innermost line of the program itself',
    PYTHON,
    'json.decoder.JSONDecodeError',
    'lib/half.py',
    2,
  ],
  ['a coloured trace on a terminal', COLOURED, 'ZeroDivisionError', 'main.py', 6],
  ['a syntax error in Python', SYNTAX, 'SyntaxError', 'main.py', 2],
  ['the last of two chained exceptions', CHAINED, '__main__.Boom', 'main.py', 4],
  ['a stack of Node', NODE, 'RangeError', 'main.js', 2],
  ['a stack of a module', MODULE, 'TypeError', 'src/a.mjs', 7],
  ['a syntax error in JavaScript', NODE_SYNTAX, 'SyntaxError', 'main.mjs', 2],
  ['a message of a shell', '/workspace/main.sh: line 2: foo: command not found\n', undefined, 'main.sh', 2],
])('the fault is found in %s', (_, text, name, file, line) => {
  expect(findFault(text)).toEqual({ name, file, line })
})

test.each(['', 'ValueError: no\n', '  File "/usr/lib/python3/os.py", line 1, in x\nOSError\n'])(
  'there is no fault in %j',
  (text) => {
    expect(findFault(text)).toBeUndefined()
  },
)
