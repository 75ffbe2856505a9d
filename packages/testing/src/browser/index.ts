export { browserTest, type LockedSystem, type OpenPage } from './browser-test.ts'
export { screenshot } from './screenshot.ts'
