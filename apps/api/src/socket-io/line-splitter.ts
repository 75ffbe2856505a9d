/** The longest text of one `execution_output`, in UTF-16 units. A longer line comes in pieces. */
export const LINE_CHARACTERS = 16_384

export interface Line {
  /** Without its line end. */
  readonly text: string
  /** The line was too long: its next piece follows. */
  readonly continues: boolean
}

/** Makes lines of bytes that come in any pieces. */
export interface LineSplitter {
  /** The lines that these bytes complete. They must all be taken before the next call. */
  add(bytes: Uint8Array): Iterable<Line>
  /** The last line, if it has no line end. */
  end(): Iterable<Line>
}

/** Where to cut a text that is too long: not between the two units of one character. */
const findCut = (text: string): number => {
  const code = text.charCodeAt(LINE_CHARACTERS - 1)
  return code >= 0xd8_00 && code <= 0xdb_ff ? LINE_CHARACTERS - 1 : LINE_CHARACTERS
}

/**
 * A line ends with `\n` or `\r\n`. A `\r` alone belongs to its line, so the steps of a progress bar are one line. Bytes that are
 * not UTF-8 are replaced. It holds one line of at most `LINE_CHARACTERS`, and what was added last.
 */
export const createLineSplitter = (): LineSplitter => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let held = ''

  function* cut(): Generator<Line> {
    // A `\r` at the end may be the first half of a line end.
    while (held.length > LINE_CHARACTERS + 1) {
      const at = findCut(held)
      const text = held.slice(0, at)
      held = held.slice(at)
      yield { text, continues: true }
    }
  }
  function* finish(): Generator<Line> {
    yield* cut()
    const text = held.endsWith('\r') ? held.slice(0, -1) : held
    held = ''
    if (text.length <= LINE_CHARACTERS) yield { text, continues: false }
    else {
      const at = findCut(text)
      yield { text: text.slice(0, at), continues: true }
      yield { text: text.slice(at), continues: false }
    }
  }
  function* split(text: string): Generator<Line> {
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      held += text.slice(from, end)
      from = end + 1
      yield* finish()
    }
    held += text.slice(from)
    yield* cut()
  }

  return {
    add: (bytes) => split(decoder.decode(bytes, { stream: true })),
    *end() {
      yield* split(decoder.decode())
      if (held !== '') yield* finish()
    },
  }
}
