import { Resolver } from 'node:dns/promises'
import type { Lookup } from './lookup.ts'

/** For one try at one name server, which is asked twice. */
const TRY_MS = 2_000

/**
 * Asks the name servers alone, and no file of this machine. Takes no thread while it waits, as the system's lookup does:
 * for names that strangers choose.
 */
export function dnsLookup({ prefersIpv6 }: { readonly prefersIpv6: boolean }): Lookup {
  const resolver = new Resolver({ timeout: TRY_MS, tries: 2 })
  return async (host) => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    if (answers.every(({ status }) => status === 'rejected')) throw (answers[0] as PromiseRejectedResult).reason
    const found = answers.map((answer, i) =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: i === 0 ? 4 : 6 })) : [],
    )
    return (prefersIpv6 ? found.toReversed() : found).flat()
  }
}
