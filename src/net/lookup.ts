import type { LookupAddress } from 'node:dns'

/** All addresses of a name. Rejects with the errors of `dns.lookup`. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>
