import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './tokens.css'
import './fonts.css'
import './base.css'
import { startTheme } from './shell/theme.ts'

startTheme()

const element = document.getElementById('app')
if (element === null) throw new Error('The page has no element #app to draw in')
createRoot(element).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
