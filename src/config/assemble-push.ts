import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { normalGuid } from '#kit'
import type { Problems } from './language/index.ts'
import type { PushOptions, PushRelayOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import type { Choice } from './values.ts'

const { push, vault } = schema

/** Of nobody (RFC 2606 §3). RFC 8292 does not ask for a contact, but there are push services that do. */
const NO_CONTACT = 'mailto:belfry@example.com'

/** How devices are told that are not connected. The rules for the relay are Vaultwarden's. */
export function assemblePush(
  choose: Choice,
  { dataFolder, cwd, problems }: { dataFolder: string; cwd: string; problems: Problems },
): PushOptions {
  return {
    relay: choose(push.enabled) ? relayOptions() : undefined,
    web: choose(push.web)
      ? { contact: contact(), keyFile: resolve(cwd, choose(push.vapidKey) ?? join(dataFolder, 'vapid_key.pem')) }
      : undefined,
    maxQueued: choose(push.maxQueued),
  }

  function relayOptions(): PushRelayOptions | undefined {
    const installationId = choose(push.installationId)?.trim() ?? ''
    const installationKey = choose(push.installationKey)?.trim() ?? ''
    if (installationId === '' || installationKey === '') {
      problems.error(
        'PUSH_ENABLED is true: PUSH_INSTALLATION_ID and PUSH_INSTALLATION_KEY must be set, see https://bitwarden.com/host',
      )
      return undefined
    }
    const id = normalGuid(installationId)
    // Vaultwarden takes any text, and so might a relay. Quotation marks that a compose file left are the usual reason.
    if (id === undefined) problems.warning('PUSH_INSTALLATION_ID is no UUID: no relay of Bitwarden knows it')
    const relayUri = relayUrl(push.relayUri)
    const identityUri = relayUrl(push.identityUri)
    if (relayUri === undefined || identityUri === undefined) return undefined
    if (regionOf(relayUri) !== regionOf(identityUri)) {
      problems.warning(
        'PUSH_RELAY_URI and PUSH_IDENTITY_URI are not of the same region: neither takes installations of the other',
      )
    }
    return { installationId: id ?? installationId, installationKey, relayUri, identityUri }
  }

  function relayUrl(setting: typeof push.relayUri): string | undefined {
    const written = choose(setting).trim().replace(/\/+$/, '')
    const url = URL.parse(written)
    const isPlain = url !== null && `${url.username}${url.password}${url.search}${url.hash}` === ''
    if (isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname)))) {
      return written
    }
    // What was written stays out of it: it may hold a password.
    problems.error(
      `${setting.variable} must be a URL that begins with https:// (http:// only to this machine), ` +
        'without user, query and fragment',
    )
    return undefined
  }

  /** RFC 8292 §2.1. */
  function contact(): string {
    const given = choose(push.webContact)
    if (given !== undefined) return given
    const from = choose(vault.smtpFrom)
    if (from !== undefined && isPublicName(from.slice(from.lastIndexOf('@') + 1))) return `mailto:${encodeURI(from)}`
    const url = URL.parse(choose(vault.domain) ?? '')
    return url?.protocol === 'https:' && isPublicName(url.hostname) ? url.origin : NO_CONTACT
  }
}

/** What is said there leaves no machine, so it needs no TLS. */
const isThisMachine = (hostname: string) => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)

/** Apple's push service refuses all else. */
function isPublicName(hostname: string): boolean {
  const isName = isIP(hostname) === 0 && !hostname.startsWith('[') && hostname.includes('.')
  return isName && !/\.(?:localhost|local|lan|internal|home|test|invalid|home\.arpa)\.?$/.test(hostname)
}

/** That of Bitwarden's own relays and identity servers, else ''. */
function regionOf(url: string): string {
  return /^https:\/\/(?:[\w-]+\.)*bitwarden\.(com|eu)(?=[:/]|$)/i.exec(url)?.[1]?.toLowerCase() ?? ''
}
