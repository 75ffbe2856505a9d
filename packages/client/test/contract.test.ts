import type * as contract from '@runnel/contract/public'
import { expectTypeOf, test } from 'vitest'
import type * as own from '../src/contract.ts'
import type * as sandbox from '../src/sandbox/contract.ts'
import type { StoredFile, StoredFilePage } from '../src/stored-files.ts'

/** Without `readonly`, and without the names of interfaces: only what the JSON may be. */
type Plain<T> = T extends (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T

// The types are the expectation: `pnpm run types` fails if one of them differs.
test('the types of the package say what the contract says', () => {
  expectTypeOf<Plain<own.ErrorCode>>().toEqualTypeOf<contract.ErrorCode>()
  expectTypeOf<Plain<own.ErrorDetail>>().toEqualTypeOf<
    Plain<NonNullable<contract.ErrorBody['error']['details']>[number]>
  >()
  expectTypeOf<Plain<own.JobEvent>>().toEqualTypeOf<Plain<contract.JobEvent>>()
  expectTypeOf<Plain<own.Outcome>>().toEqualTypeOf<Plain<contract.Outcome>>()
  expectTypeOf<own.OutcomeClass>().toEqualTypeOf<contract.OutcomeClass>()
  expectTypeOf<Plain<own.Usage>>().toEqualTypeOf<Plain<contract.Usage>>()
  expectTypeOf<Plain<own.Limits>>().toEqualTypeOf<Plain<contract.Limits>>()
  expectTypeOf<Plain<own.Job>>().toEqualTypeOf<Plain<contract.Job>>()
  expectTypeOf<Plain<own.JobPage>>().toEqualTypeOf<Plain<contract.JobPage>>()
  expectTypeOf<Plain<own.JobProgram>>().toEqualTypeOf<Plain<contract.SubmittedProgram>>()
  expectTypeOf<Plain<own.Submission>>().toEqualTypeOf<Plain<contract.SubmissionRequest>>()
  expectTypeOf<Plain<StoredFile>>().toEqualTypeOf<contract.StoredFile>()
  expectTypeOf<Plain<StoredFilePage>>().toEqualTypeOf<Plain<contract.StoredFilePage>>()
  expectTypeOf<own.SignalName>().toEqualTypeOf<contract.SignalName>()
})

test('the types of sandboxes say what the contract says', () => {
  expectTypeOf<sandbox.SandboxStatus>().toEqualTypeOf<contract.SandboxStatus>()
  expectTypeOf<sandbox.SandboxEnding>().toEqualTypeOf<contract.SandboxEnding>()
  expectTypeOf<Plain<sandbox.SandboxInfo>>().toEqualTypeOf<Plain<contract.Sandbox>>()
  expectTypeOf<Plain<sandbox.SandboxPage>>().toEqualTypeOf<Plain<contract.SandboxPage>>()
  expectTypeOf<Plain<sandbox.SandboxMetrics>>().toEqualTypeOf<Plain<contract.SandboxMetrics>>()
  expectTypeOf<Plain<sandbox.CommandInfo>>().toEqualTypeOf<Plain<contract.Command>>()
  expectTypeOf<Plain<sandbox.FileEntry>>().toEqualTypeOf<Plain<contract.FileEntry>>()
  expectTypeOf<Plain<sandbox.WatchEvent>>().toEqualTypeOf<Plain<contract.WatchEvent>>()
  expectTypeOf<Plain<sandbox.SandboxRequest>>().toEqualTypeOf<
    Plain<ReturnType<typeof contract.createSandboxRequestSchema>['_zod']['input']>
  >()
  expectTypeOf<Plain<sandbox.CommandRequest>>().toEqualTypeOf<
    Plain<ReturnType<typeof contract.createCommandRequestSchema>['_zod']['input']>
  >()
})
