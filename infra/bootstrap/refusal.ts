/** Why we cannot continue, in one sentence that says what to do. `main.ts` prints it and nothing else. */
export class Refusal extends Error {
  readonly exitCode: number

  constructor(sentence: string, exitCode = 1) {
    super(sentence)
    this.exitCode = exitCode
  }
}
