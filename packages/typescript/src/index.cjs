/** What a Node that was started ahead needs of this folder (infra/images/javascript/start-barrier.cjs). */
const { compileText } = require('./compile.cjs')
const { forget } = require('./forget.cjs')
const { PRELOAD, register } = require('./hooks.cjs')
const { needsHelp } = require('./program.cjs')

const REHEARSAL = {
  file: '/rehearsal.ts',
  source:
    'import { one } from "node:os"\nclass A { constructor(public one: string) {} }\nexport const a: A = new A("")',
}

/** Loads the compiler, and runs all of it once while nobody waits. */
const rehearse = () => {
  needsHelp([{ ...REHEARSAL, source: 'console.log(1)' }])
  needsHelp([REHEARSAL])
  compileText(REHEARSAL.file, REHEARSAL.source)
}

module.exports = { PRELOAD, forget, needsHelp, register, rehearse }
