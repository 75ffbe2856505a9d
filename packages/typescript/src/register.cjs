/** Loaded ahead of a program that Node cannot run alone, and ahead of its child processes: NODE_OPTIONS names this file. */
const { forget } = require('./forget.cjs')
const { register } = require('./hooks.cjs')

register()
forget()
