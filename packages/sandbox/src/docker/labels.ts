/** Every container of ours carries these, so that any worker can tell what to do with one it did not make. */
export const LABEL = { ours: 'runnel', worker: 'runnel.worker' } as const
