/** What a Node that was started ahead needs of this folder (infra/images/javascript/start-barrier.cjs). */
const { compileText } = require('./compile.cjs')
const { forget } = require('./forget.cjs')
const { PRELOAD, register } = require('./hooks.cjs')
const { needsHelp } = require('./program.cjs')

const PLAIN = 'console.log(1)'
const CLASS =
  'import { one } from "node:os"\nclass A { constructor(public one: string) {} }\nexport const a: A = new A("")'
/** As short as this, because for anything longer swc starts threads, and a program can count them. */
const ENUM = 'enum One { Two }'

/** Loads the compiler, and runs all of it once while nobody waits. */
const rehearse = () => {
  const file = '/rehearsal.ts'
  for (const source of [PLAIN, CLASS]) needsHelp([{ file, source }])
  compileText(file, ENUM)
}

module.exports = { PRELOAD, forget, needsHelp, register, rehearse }
