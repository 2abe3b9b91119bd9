import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'

/** All addresses of a name. Rejects with the errors of `dns.lookup`. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>

const underWay = new Map<string, Promise<readonly LookupAddress[]>>()

/**
 * As the system finds them: DNS, files, and what else it is set up for. Who asks for a name that is being looked up gets
 * the same answer. Each question takes one of libuv's four threads for as long as a name server is silent, and cannot be
 * taken back: those who try again and again must not pile up.
 */
export const systemLookup: Lookup = (host) => {
  let answer = underWay.get(host)
  if (answer === undefined) {
    answer = lookup(host, { all: true, order: 'verbatim' }).finally(() => underWay.delete(host))
    underWay.set(host, answer)
  }
  return answer
}
