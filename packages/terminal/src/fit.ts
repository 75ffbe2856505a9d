import { FitAddon } from '@xterm/addon-fit'
import type { Terminal } from '@xterm/xterm'

export interface Size {
  readonly cols: number
  readonly rows: number
}

/** A pane smaller than this is hidden or is about to be: a terminal of one column would cut its text for good. */
const SMALLEST_PX = 20
/** What the API takes. */
const MOST = 500

/** One character on the page, and where the first one is in the frame around the pane. In CSS pixels. */
export interface Cell {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly top: number
}

export interface Fitting extends Disposable {
  /** Measured once for each size: measuring makes the browser lay the page out, which costs too much for each frame. */
  readonly cell: Cell
  /** Fits now. */
  fit(): void
  /** Shows this size instead of the pane's, until `release`: output of a program's terminal is only right at its width. */
  hold(size: Size): void
  release(): void
}

/** Keeps the terminal as large as `pane`. Once a frame at most, and only when the grid really changes. */
export const createFitting = (xterm: Terminal, pane: HTMLElement): Fitting => {
  const addon = new FitAddon()
  xterm.loadAddon(addon)
  let held = false
  let frame: number | undefined

  let cell: Cell | undefined

  const measure = (): Cell => {
    const cells = pane.querySelector('.xterm-screen')?.getBoundingClientRect()
    const around = pane.parentElement?.getBoundingClientRect()
    if (cells === undefined || around === undefined || cells.width === 0)
      return { width: 0, height: 0, left: 0, top: 0 }
    const left = cells.left - around.left
    const top = cells.top - around.top
    cell = { width: cells.width / xterm.cols, height: cells.height / xterm.rows, left, top }
    return cell
  }
  const resizing = xterm.onResize(() => {
    cell = undefined
  })

  const fit = (): void => {
    frame = undefined
    cell = undefined
    if (held || pane.clientWidth < SMALLEST_PX || pane.clientHeight < SMALLEST_PX) return
    const size = addon.proposeDimensions()
    if (size === undefined || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return
    const cols = Math.min(size.cols, MOST)
    const rows = Math.min(size.rows, MOST)
    if (cols !== xterm.cols || rows !== xterm.rows) xterm.resize(cols, rows)
  }
  const observer = new ResizeObserver(() => {
    frame ??= requestAnimationFrame(fit)
  })
  observer.observe(pane)

  return {
    get cell() {
      return cell ?? measure()
    },
    fit,
    hold: ({ cols, rows }) => {
      held = true
      if (cols !== xterm.cols || rows !== xterm.rows) xterm.resize(cols, rows)
    },
    release: () => {
      if (!held) return
      held = false
      fit()
    },
    [Symbol.dispose]: () => {
      observer.disconnect()
      resizing.dispose()
      if (frame !== undefined) cancelAnimationFrame(frame)
    },
  }
}
