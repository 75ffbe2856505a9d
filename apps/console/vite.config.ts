import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { checkBudget } from './build/check-budget.ts'
import { compressFiles } from './build/compress-files.ts'

/** Where `vite` and `vite preview` find the API. In production the API serves the page itself. */
const API = 'http://127.0.0.1:3000'
const proxy = {
  '/v1': { target: API, ws: true },
  '/health': { target: API },
  '/docs': { target: API },
}

/** Operate brings its plots, history its virtual list, compare its differences. */
const VIEW_BYTES = {
  operate: 40_000,
  history: 20_000,
  compare: 20_000,
  keys: 10_000,
  account: 10_000,
  sandboxes: 10_000,
  sandbox: 15_000,
}

export default defineConfig({
  plugins: [react(), checkBudget({ firstViewBytes: 250_000, viewBytes: VIEW_BYTES }), compressFiles()],
  // xterm 6.0.0 stops working when it is compiled for anything older than es2022.
  build: { target: ['es2023', 'chrome123', 'firefox128', 'safari17.5'], assetsInlineLimit: 0, sourcemap: true },
  css: { transformer: 'lightningcss' },
  server: { proxy },
  preview: { proxy },
})
