import { createHash } from 'node:crypto'

/** What the instance of that name is called at the database: 32 bits, signed. */
export const instanceMark = (name: string): number => createHash('sha256').update(name).digest().readInt32BE()
