import { systemClock } from '#kit'
import { GuardedPost } from '#net'

/** Asks the server at the port that it is given, on this machine, and says how that went. */
const url = new URL(`https://localhost:${process.argv[2]}/`)
const rules = { blockedHosts: undefined, blocksNonGlobalAddresses: false, prefersIpv6: false }
const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
const post = new GuardedPost(rules, { clock: systemClock, lookup })
const said = await post.send(url, { body: Buffer.from('x'), headers: {}, timeoutMs: 10_000 }).then(
  ({ status }) => `status ${status}`,
  (error) => `error ${error.message}`,
)
post.close()
process.stdout.write(said)
