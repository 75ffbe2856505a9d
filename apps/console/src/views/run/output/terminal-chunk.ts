import '@runnel/terminal/terminal.css'

export { createTerminal } from '@runnel/terminal'
export { TerminalView } from '@runnel/terminal/react'
