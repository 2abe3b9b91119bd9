import { isIPv4 } from 'node:net'
import type { User } from '#store'
import type { VaultSurroundings } from './context.ts'
import { badRequest } from './errors.ts'

/** A dot-atom (RFC 5322 §3.2.3), letters of every script included; quoted names are for no person's address. */
const NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)[^\s\p{C}@"(),:;<>[\]\\]{1,64}$/u
/** What URLs read as something else than a part of the host, or pass over. */
const NO_DOMAIN = /[\s\p{C}@:/\\?#%[\]]/u

/**
 * The address as it is stored: trimmed, lower case. Throws an ApiError unless it is one at a domain, as Vaultwarden
 * requires of all that it stores: `localhost` will do, an IP address will not.
 */
export function parseEmail(text: string): string {
  const email = text.trim().toLowerCase()
  const at = email.lastIndexOf('@')
  if (!NAME.test(email.slice(0, Math.max(at, 0))) || !isDomain(email.slice(at + 1))) {
    throw badRequest('email must be an e-mail address at a domain', 'email')
  }
  return email
}

function isDomain(text: string): boolean {
  // The parser of URLs knows other scripts (IDNA), and every way to write an IPv4 address.
  const host = NO_DOMAIN.test(text) ? undefined : URL.parse(`https://${text}`)?.hostname
  if (host === undefined || isIPv4(host)) return false
  // RFC 1035 §2.3.4
  return host.split('.').every((label) => label.length > 0 && label.length <= 63)
}

/** Whether the user's e-mail address counts as proven, as it does for everybody where there is no mail. */
export function isAddressProven({ mailer }: Pick<VaultSurroundings, 'mailer'>, user: User): boolean {
  return mailer === undefined || user.verifiedAt !== null
}
