/** Where the files of a job's program are. */
export const WORKSPACE = '/workspace'
