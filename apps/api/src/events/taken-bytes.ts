import type { Socket } from 'node:net'

/** How much of what was written the kernel has taken. More of it than before means that the other side still acknowledges. */
export const countTakenBytes = ({ bytesWritten, writableLength }: Socket): number => bytesWritten - writableLength
