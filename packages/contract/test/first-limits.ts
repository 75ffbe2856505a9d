/** The limits of a job of the first version, written out: jobs and logs without any newer limit must still be read. */
export const FIRST_LIMITS = {
  wallMs: 30_000,
  cpuMs: 10_000,
  memoryBytes: 268_435_456,
  outputBytes: 1_048_576,
  processes: 64,
  diskBytes: 67_108_864,
}
