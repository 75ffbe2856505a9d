import { PIECES, testHostileTexts } from './hostile-pieces.ts'

// All of them in hostile-texts.slow.test.ts.
testHostileTexts(PIECES.filter((_, index) => index % 4 === 0))
