import swagger from '@fastify/swagger'
import {
  commandListSchema,
  commandSchema,
  createClientFrameSchema,
  createSubmissionSchema,
  errorBodySchema,
  fileEntrySchema,
  fileListSchema,
  jobEventSchema,
  jobPageSchema,
  jobSchema,
  type LimitsPolicy,
  limitsSchema,
  outcomeSchema,
  type ServePolicy,
  sandboxLimitsSchema,
  sandboxMetricsSchema,
  sandboxPageSchema,
  sandboxSchema,
  serverFrameSchema,
  stdinSchema,
  storedFilePageSchema,
  storedFileSchema,
  submittedProgramSchema,
  usageSchema,
  watchEventSchema,
  watchedSchema,
  watcherListSchema,
  watcherSchema,
} from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'

/** Schemas that have a name in the document; routes refer to them. */
const NAMED = {
  Job: jobSchema,
  JobPage: jobPageSchema,
  SubmittedProgram: submittedProgramSchema,
  JobEvent: jobEventSchema,
  File: storedFileSchema,
  FilePage: storedFilePageSchema,
  Outcome: outcomeSchema,
  Usage: usageSchema,
  Limits: limitsSchema,
  Sandbox: sandboxSchema,
  SandboxPage: sandboxPageSchema,
  SandboxLimits: sandboxLimitsSchema,
  SandboxMetrics: sandboxMetricsSchema,
  Command: commandSchema,
  CommandList: commandListSchema,
  FileEntry: fileEntrySchema,
  FileList: fileListSchema,
  Watcher: watcherSchema,
  WatcherList: watcherListSchema,
  Watched: watchedSchema,
  WatchEvent: watchEventSchema,
  Error: errorBodySchema,
  ServerFrame: serverFrameSchema,
}

const nameSchemas = (): void => {
  for (const [id, schema] of Object.entries(NAMED)) {
    const meta = z.globalRegistry.get(schema)
    if (meta?.id === undefined) z.globalRegistry.add(schema, { ...meta, id })
  }
}

/** The JSON Schema of what a client sends, with the bounds and defaults of this deployment. */
const toInputSchema = (schema: z.ZodType): object => {
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
  })
  return described
}

/** A route with two kinds of body, which its schema cannot express. */
const STDIN_BODY = {
  required: true,
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/Stdin' } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  },
} as const

/** A file as the body, or as the one part of a form. */
const UPLOAD_BODY = {
  required: true,
  content: {
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    'multipart/form-data': {
      schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] },
    },
  },
} as const

/** Adds what the library cannot find: the frames of a WebSocket, and the bodies that routes take. */
const toDocument =
  (policy: LimitsPolicy, servePolicy: ServePolicy): typeof jsonSchemaTransformObject =>
  (document) => {
    const described = jsonSchemaTransformObject(document)
    const schemas: Record<string, object> = ('components' in described && described.components?.schemas) || {}
    // Every named schema comes in two variants, as it is sent and as it is answered; these are only answered.
    for (const name of Object.keys(NAMED)) delete schemas[`${name}Input`]
    const stdin = described.paths?.['/v1/jobs/{id}/stdin']?.post
    if (stdin !== undefined) Object.assign(stdin, { requestBody: STDIN_BODY })
    const upload = described.paths?.['/v1/files']?.post
    if (upload !== undefined) Object.assign(upload, { requestBody: UPLOAD_BODY })
    schemas['Submission'] = toInputSchema(createSubmissionSchema(policy, servePolicy))
    schemas['Stdin'] = toInputSchema(stdinSchema)
    schemas['ClientFrame'] = toInputSchema(createClientFrameSchema(policy, servePolicy))
    return described
  }

const KEY = 'A key, `rnl_…`. If none was ever made, callers on the same machine need none.'

const DESCRIPTION = `Runs code in sandboxes and streams its output.

Submit a program with \`POST /v1/jobs\`. Then follow its events (WebSocket, server-sent events or NDJSON), or ask about it by id.
Every answer of 400 and above is \`{"error": {"code", "message", "details"?, "requestId"}}\`.
Every call except those of \`health\` may be answered 401 (no valid key) and 403 (the key does not have the scope). Jobs of other
tenants get the same answer as jobs that do not exist. If a tenant's submissions are limited, \`RateLimit-*\` says how, and 429 that there were too many.`

/** Call it before the routes are registered: the document has only later ones. */
export const describeApi = (app: FastifyInstance, policy: LimitsPolicy, servePolicy: ServePolicy): void => {
  nameSchemas()
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Runnel', version: '1', description: DESCRIPTION },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: KEY } } },
      security: [{ key: [] }],
      tags: [
        { name: 'jobs', description: 'One program, run once.' },
        { name: 'events', description: 'What happens to a job, numbered, live and replayed.' },
        { name: 'files', description: 'Bytes that are kept for a while, for jobs and by jobs.' },
        { name: 'sandboxes', description: 'Places that last: commands, files, terminals.' },
        { name: 'execute', description: 'Run and wait, in one call.' },
        { name: 'languages', description: 'What can be run.' },
        { name: 'access', description: 'Keys, tenants, and tickets for browsers.' },
        { name: 'operate', description: 'Workers, the queue, and the numbers of the last hours.' },
        { name: 'health', description: 'For those who operate it.' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: toDocument(policy, servePolicy),
  })
}
