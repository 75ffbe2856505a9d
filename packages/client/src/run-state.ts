export {
  formatBytes,
  formatGrowing,
  formatLeft,
  formatMeasured,
  formatOrdinal,
  formatSet,
} from './run-state/figures.ts'
export { type Fault, findFault } from './run-state/find-fault.ts'
export { describeOutcome, GLYPHS, type RunAction, type Tone, type Words } from './run-state/outcome-words.ts'
export { reduceRunState } from './run-state/reduce.ts'
export { describeRun, type RunWords } from './run-state/run-words.ts'
export { type ClientEvent, initialRunState, type Refusal, type RunState } from './run-state/state.ts'
