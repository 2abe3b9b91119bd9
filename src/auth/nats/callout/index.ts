export { type Callout, createCallout } from './callout.ts'
export type { CalloutServer, CalloutTools } from './options.ts'
