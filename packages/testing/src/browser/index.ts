export { browserTest, type LockedSystem, type OpenPage } from './browser-test.ts'
export { findBrowser } from './find-browser.ts'
export { screenshot } from './screenshot.ts'
export { watchPage } from './watch-page.ts'
