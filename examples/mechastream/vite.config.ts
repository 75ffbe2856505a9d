import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export default defineConfig({
  root: folder('src/page'),
  plugins: [react()],
  // xterm 6.0.0 stops working when it is compiled for anything older than es2022.
  build: { outDir: folder('dist'), emptyOutDir: true, target: 'es2023' },
})
