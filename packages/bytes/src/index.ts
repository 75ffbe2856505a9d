export { giveBack } from './give-back.ts'
export { sendAll } from './send-all.ts'
