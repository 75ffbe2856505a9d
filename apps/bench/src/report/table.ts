/** A table with columns as wide as their widest cell. The first `textColumns` are aligned left, the others (numbers) right. */
export const toTable = (rows: readonly (readonly string[])[], textColumns: number): string => {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)))
  const toCell = (text: string, width: number, at: number) =>
    at < textColumns ? text.padEnd(width) : text.padStart(width)
  const toLine = (row: readonly string[]) => widths.map((width, at) => toCell(row[at] ?? '', width, at)).join('  ')
  return rows.map((row) => `  ${toLine(row)}`.trimEnd()).join('\n')
}

/** Three significant digits, without an exponent. */
export const toDigits = (value: number): string => {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en', { useGrouping: value >= 10_000 })
  return String(Number(value.toPrecision(3)))
}
