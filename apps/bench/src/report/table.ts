/** Columns as wide as their widest cell. The first `words` columns are text, on the left; the others are numbers, on the right. */
export const toTable = (rows: readonly (readonly string[])[], words: number): string => {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)))
  const toCell = (text: string, width: number, at: number) => (at < words ? text.padEnd(width) : text.padStart(width))
  const toLine = (row: readonly string[]) => widths.map((width, at) => toCell(row[at] ?? '', width, at)).join('  ')
  return rows.map((row) => `  ${toLine(row)}`.trimEnd()).join('\n')
}

/** Three digits that mean something, without an exponent. */
export const toDigits = (value: number): string => {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en', { useGrouping: value >= 10_000 })
  return String(Number(value.toPrecision(3)))
}
