import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Program } from '@runnel/contract/public'
import { findLanguage, type LanguageId } from '@runnel/languages'
import Docker from 'dockerode'
import { expect, inject } from 'vitest'
import { attach } from '../../src/docker/attach.ts'
import { createDockerStreamDecoder } from '../../src/docker/docker-stream.ts'
import type { Sandboxes } from '../../src/index.ts'
import { type RunOptions, run } from '../run.ts'
import { toObserver } from './observers.ts'
import { type Facts, toFacts } from './to-facts.ts'

/** A way in which a program starts. With args or variables of its own it is not one that was started ahead. */
export interface Way {
  readonly language: LanguageId
  readonly program: Partial<Pick<Program, 'args' | 'env' | 'terminal'>>
}

const toArchive = (files: Readonly<Record<string, string>>): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'runnel-place-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    return execFileSync('tar', ['-C', folder, '-cf', '-', ...Object.keys(files)])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const observeHere = async (
  sandboxes: Sandboxes,
  { language, program }: Way,
  options: Pick<RunOptions, 'tenantId' | 'onSandbox'> = {},
): Promise<Facts> => {
  const { stdout, stderr } = await run(sandboxes, { ...options, language, source: toObserver(language), program })
  expect(stderr.toString()).toBe('')
  return toFacts(stdout.toString())
}

/** `docker run --network none` with Docker's own defaults, as a user like those of our programs. */
export const observePlain = async ({ language: id, program }: Way): Promise<Facts> => {
  const language = findLanguage(id)
  if (language === undefined) throw new Error(`There is no language "${id}"`)
  const docker = new Docker()
  const uid = randomInt(61_000, 65_000)
  const Tty = program.terminal !== undefined
  const command = [...language.command(language.fileName), ...(program.args ?? [])]
  const container = await docker.createContainer({
    Image: `runnel/${language.image}`,
    User: `${uid}:${uid}`,
    Entrypoint: [],
    Cmd: command,
    Env: Object.entries(program.env ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: { 'runnel.test-run': inject('testRun') },
    Tty,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: { NetworkMode: 'none' },
  })
  try {
    await container.putArchive(toArchive(toObserver(id)), { path: '/workspace' })
    const { socket, head } = await attach(docker, container.id)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const keep = (bytes: Buffer) => void stdout.push(Buffer.from(bytes))
    // With a terminal there is one stream, as it is.
    const decode = Tty ? keep : createDockerStreamDecoder(keep, (bytes) => stderr.push(Buffer.from(bytes)))
    decode(head)
    socket.on('data', decode)
    await container.start()
    // The end of the input would be the end of a terminal.
    if (!Tty) socket.end()
    await finished(socket)
    expect(Buffer.concat(stderr).toString()).toBe('')
    return toFacts(Buffer.concat(stdout).toString())
  } finally {
    await container.remove({ force: true, v: true })
  }
}
