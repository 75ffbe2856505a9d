import { z } from 'zod'
import { pathFault } from './program.ts'
import { fileIdSchema } from './stored-file.ts'

/** Bounds of what a job may keep. */
export const ARTIFACTS = {
  patterns: 32,
  /** Files that are kept. Beyond them the smallest paths, in the order of their bytes, are kept. */
  files: 100,
  /** Files of the workspace that are looked at. */
  looked: 10_000,
} as const

const patternFault = (pattern: string): string | undefined => {
  const fault = pathFault(pattern)
  if (fault !== undefined) return fault
  const isPart = (segment: string): boolean => segment.includes('**') && segment !== '**'
  return pattern.split('/').some(isPart) ? 'has "**" beside something else between two slashes' : undefined
}

/** `*` is any text without a slash, `?` one character, and `**`, between slashes, any folders. */
export const artifactsSchema = z
  .array(
    z.string().superRefine((pattern, context) => {
      const fault = patternFault(pattern)
      if (fault === undefined) return
      const message = `Cannot keep artifacts by the pattern ${JSON.stringify(pattern)}: it ${fault}`
      context.addIssue({ code: 'custom', message })
    }),
  )
  .max(ARTIFACTS.patterns)
  .describe(
    `Files to keep when the program has ended, as patterns relative to its workspace: \`*.png\` those in the workspace itself, \`out/**\` all in the folder \`out\`, \`**/*.csv\` those anywhere. \`*\` is any text without a slash, \`?\` one character. Up to ${ARTIFACTS.files} files are kept; the job lists them when it has finished.`,
  )

/** A file that a job has made, and that is kept as a file of the tenant. */
export const artifactSchema = z.strictObject({
  path: z.string().describe('Relative to the workspace.'),
  fileId: fileIdSchema.describe('GET /v1/files/:id/content gives it.'),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string(),
})
export type Artifact = z.infer<typeof artifactSchema>

const LEFT_OUT_REASONS = ['too-many', 'too-large', 'file-quota', 'disk-full', 'not-read', 'too-late'] as const

/** A file that matched and is not kept. */
export const leftOutArtifactSchema = z.strictObject({
  path: z.string().describe('Relative to the workspace. `.`: more files than were looked at.'),
  reason: z
    .enum(LEFT_OUT_REASONS)
    .describe(
      '`too-many` or `too-large`: over a bound. `file-quota`: over what the tenant may keep. `disk-full`: the store is full. `not-read`: it could not be read or stored. `too-late`: keeping files took too long.',
    ),
})
export type LeftOutArtifact = z.infer<typeof leftOutArtifactSchema>

/** What a job kept, in its answer and in its event `finished`. */
export const artifactsShape = {
  artifacts: z
    .array(artifactSchema)
    .optional()
    .describe('When finished, with `artifacts` submitted: the files that are kept.'),
  artifactsLeftOut: z
    .array(leftOutArtifactSchema)
    .optional()
    .describe(`Files that matched and are not kept; up to ${ARTIFACTS.files} of them. Absent if there are none.`),
}
