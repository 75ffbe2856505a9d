/** Each container of ours has these, so that any worker knows what to do with one that it did not make. */
export const LABEL = { ours: 'runnel', worker: 'runnel.worker', use: 'runnel.use' } as const
