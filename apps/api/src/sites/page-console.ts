/** Below this path are our own answers. A site's file with such a name is not served. */
export const OWN_PATH = '/__runnel/'
export const SCRIPT_PATH = `${OWN_PATH}console.js`
export const CONSOLE_PATH = `${OWN_PATH}console`

/** What one message of a page may have, and how many may come at once. */
export const CONSOLE = { textCharacters: 8_192, messages: 200, bodyBytes: 256 * 1024 } as const

/**
 * Runs in each page of a site, before its own scripts: what it writes to the console, and what it does not catch, goes to the output of
 * the job. Places in the site are named as those of programs are, /workspace/<file>:<line>, so they lead to that line.
 *
 *   message ──▶ queue, bounded ──▶ every 100 ms one request, and a last one when the page is left
 */
export const PAGE_CONSOLE = String.raw`'use strict'
;(() => {
  const TEXT = ${CONSOLE.textCharacters}, MESSAGES = ${CONSOLE.messages}, BODY = 48 * 1024, EVERY_MS = 100
  const page = document.currentScript.dataset.page
  const here = location.origin + location.pathname
  const send = window.fetch.bind(window)
  let queue = [], queued = 0, leftOut = 0, timer, isSending = false, isOver = false

  const toPlaces = (text) =>
    text
      .replace(/^(.*)@(https?:.*:\d+:\d+)$/gm, (_, name, place) => '    at ' + (name ? name + ' (' + place + ')' : place))
      .replaceAll(here + ':', '/workspace/' + page + ':')
      .replaceAll(location.origin + '/', '/workspace/')

  const toTrace = (error) => {
    const head = String(error)
    const stack = toPlaces(String(error.stack || ''))
    return stack.includes(head) ? stack : stack ? head + '\n' + stack.trimEnd() : head
  }

  /** Where the page called the console. */
  const toCaller = () => {
    const lines = toPlaces(new Error().stack || '').split('\n')
    const own = lines.findLastIndex((line) => line.includes('/__runnel/'))
    const caller = lines[own + 1]
    return own >= 0 && caller && caller.includes('/workspace/') ? '\n' + caller : ''
  }

  const show = (value, depth = 0, seen = []) => {
    try {
      if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value)
      if (typeof value === 'bigint') return value + 'n'
      if (typeof value === 'function') return '[Function' + (value.name ? ': ' + value.name : '') + ']'
      if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value)
      if (value instanceof Error) return toTrace(value)
      if (value instanceof Element) return value.cloneNode(false).outerHTML
      if (value instanceof Node || value === window) return Object.prototype.toString.call(value)
      if (value instanceof Date || value instanceof RegExp) return String(value)
      if (seen.includes(value)) return '[Circular]'
      if (depth > 3) return Array.isArray(value) ? '[Array]' : '[Object]'
      const inside = [...seen, value]
      const one = (item) => show(item, depth + 1, inside)
      const cut = (items, all) => (all > items.length ? [...items, '… ' + (all - items.length) + ' more'] : items).join(', ')
      const size = value.length ?? value.size
      if (Array.isArray(value) || ArrayBuffer.isView(value)) return '[ ' + cut(Array.from(value).slice(0, 100).map(one), size) + ' ]'
      if (value instanceof Map) return 'Map { ' + cut([...value].slice(0, 100).map(([key, item]) => one(key) + ' => ' + one(item)), size) + ' }'
      if (value instanceof Set) return 'Set { ' + cut([...value].slice(0, 100).map(one), size) + ' }'
      const keys = Object.keys(value)
      const name = value.constructor && value.constructor !== Object ? value.constructor.name + ' ' : ''
      return name + '{ ' + cut(keys.slice(0, 100).map((key) => key + ': ' + one(value[key])), keys.length) + ' }'
    } catch {
      return '[a value that cannot be shown]'
    }
  }

  const format = (values) => {
    const rest = [...values]
    if (typeof rest[0] !== 'string') return rest.map((value) => show(value)).join(' ')
    const text = rest.shift().replace(/%([sdifoOc%])/g, (mark, kind) => {
      if (kind === '%') return '%'
      if (rest.length === 0) return mark
      const value = rest.shift()
      if (kind === 'c') return ''
      if (kind === 'd' || kind === 'i') return String(Math.trunc(Number(value)))
      return kind === 'f' ? String(Number(value)) : show(value)
    })
    return [text, ...rest.map((value) => show(value))].join(' ')
  }

  /** Takes a batch out of the queue. */
  const take = () => {
    const messages = []
    let bytes = 0
    while (queue.length > 0 && messages.length < MESSAGES && bytes < BODY) {
      bytes += queue[0].text.length * 2
      messages.push(queue.shift())
    }
    queued = queue.length
    const body = JSON.stringify({ messages, leftOut })
    leftOut = 0
    return body
  }

  const later = () => {
    timer ??= setTimeout(flush, EVERY_MS)
  }
  const flush = async () => {
    timer = undefined
    if (isSending || isOver || (queue.length === 0 && leftOut === 0)) return
    isSending = true
    try {
      const answer = await send('${CONSOLE_PATH}', { method: 'POST', body: take(), keepalive: true })
      isOver = answer.status === 410 || answer.status === 404
    } catch {}
    isSending = false
    if (queue.length > 0) later()
  }

  const note = (level, text) => {
    if (isOver) return
    if (queued >= MESSAGES * 5) leftOut += 1
    else queued = queue.push({ level, text: text.length > TEXT ? text.slice(0, TEXT - 1) + '…' : text })
    later()
  }

  for (const level of ['log', 'info', 'debug', 'warn', 'error', 'trace', 'dir', 'table', 'assert']) {
    const original = console[level].bind(console)
    console[level] = (...values) => {
      original(...values)
      if (level === 'assert') {
        if (!values[0]) note('error', 'Assertion failed' + (values.length > 1 ? ': ' + format(values.slice(1)) : '') + toCaller())
      } else if (level === 'warn' || level === 'error') {
        const text = format(values)
        note(level, text + (text.includes('/workspace/') ? '' : toCaller()))
      } else note('log', format(level === 'dir' ? values.slice(0, 1) : values) + (level === 'trace' ? toCaller() : ''))
    }
  }

  addEventListener('error', (event) => {
    const { error, message, filename, lineno, colno, target } = event
    if (target instanceof Element) note('error', 'Cannot load ' + toPlaces(String(target.src || target.href || target.localName)))
    else if (error instanceof Error) note('error', 'Uncaught ' + toTrace(error))
    else note('error', message + (filename ? '\n    at ' + toPlaces(filename + ':' + lineno + ':' + colno) : ''))
  }, true)
  addEventListener('unhandledrejection', ({ reason }) => note('error', 'Uncaught (in promise) ' + show(reason)))
  addEventListener('pagehide', () => {
    if (queue.length > 0 && !isOver) navigator.sendBeacon('${CONSOLE_PATH}', take())
  })
})()
`
