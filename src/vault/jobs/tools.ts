import type { VaultSurroundings } from '../context.ts'

/** What jobs work with. */
export type JobTools = Pick<VaultSurroundings, 'store' | 'files' | 'clock' | 'logger' | 'mailer' | 'settings'>

/** The same for those that remove files. */
export type FileJobTools = Pick<JobTools, 'store' | 'files' | 'clock' | 'logger'>
