import type { Socket } from 'node:net'

/** How many of the written bytes the kernel has taken. If the number grows, the other side still acknowledges. */
export const countTakenBytes = ({ bytesWritten, writableLength }: Socket): number => bytesWritten - writableLength
