import { isIPv4 } from 'node:net'
import type { VerifiedRegistrationResponse } from '@simplewebauthn/server'
import { isObject } from '../../schema.ts'
import type { VaultSettings } from '../../settings.ts'
import { parseObject } from '../factor-types.ts'
import { ALGORITHMS, fromCoseKey, toCoseKey } from './cose-key.ts'
import { PLAIN, type StoredCredential } from './registrations.ts'

/** What a security key says is no answer to the challenge, or not by a key that is known. Its message is for the log. */
export class WebAuthnError extends Error {
  override name = 'WebAuthnError'
}

/** What security keys are bound to: the host of DOMAIN. Undefined for an IP address, which browsers refuse. */
export function relyingPartyId({ origin }: Pick<VaultSettings, 'origin'>): string | undefined {
  const { hostname } = new URL(origin)
  return isIPv4(hostname) || hostname.startsWith('[') ? undefined : hostname
}

/** By which U2F keys, the forerunners, knew us; keys that were set up as such still sign for it. */
export function appId({ domain, origin, pathPrefix }: VaultSettings): string {
  return `${domain ?? origin + pathPrefix}/app-id.json`
}

/** What a browser said of a key: binary members as base64url, and what of it the key has signed. */
export interface KeyResponse {
  readonly id: string
  /** `clientDataJSON`, and what else was asked for. */
  readonly parts: Readonly<Record<string, string>>
  /** The one that is answered; to be looked for among those that are open. */
  readonly challenge: string
  readonly topOrigin: string | undefined
}

/** Loaded with the first security key: it costs 26 MB and half a second, which most servers never need. */
async function library() {
  const server = await import('@simplewebauthn/server')
  // We ask for no attestation, and so need nobody to vouch for a maker. Following a chain to these, the library would
  // fetch lists of revoked certificates from wherever a certificate says, and whoever has a phone can make one of those.
  for (const identifier of ATTESTED_FORMATS)
    server.SettingsService.setRootCertificates({ identifier, certificates: [] })
  return server
}

/** Those of which the library brings the makers' certificates. */
const ATTESTED_FORMATS = ['android-key', 'android-safetynet', 'apple'] as const

type Part = 'attestationObject' | 'authenticatorData' | 'signature'

/**
 * Reads the answer of a browser that has `names` in it. Clients write binary members in either base64, and some of their
 * names in two ways. Throws a WebAuthnError when it is none.
 */
export function readResponse(value: unknown, names: readonly Part[]): KeyResponse {
  if (!isObject(value) || !isObject(value.response)) throw new WebAuthnError('That is no answer of a key')
  const given = new Map(Object.entries(value.response).map(([name, part]) => [name.toLowerCase(), part]))
  const parts: Record<string, string> = {}
  for (const name of ['clientDataJSON', ...names]) parts[name] = toBase64Url(given.get(name.toLowerCase()))
  const clientData = parseObject(Buffer.from(parts.clientDataJSON!, 'base64url').toString())
  if (typeof clientData?.challenge !== 'string') throw new WebAuthnError('The answer names no challenge')
  const { challenge, topOrigin } = clientData
  return {
    id: toBase64Url(value.rawId ?? value.id),
    parts,
    challenge,
    topOrigin: typeof topOrigin === 'string' ? topOrigin : undefined,
  }
}

/** The credential of a new security key. Throws a WebAuthnError unless its answer comes from a page of ours. */
export async function verifyRegistration(settings: VaultSettings, response: KeyResponse): Promise<StoredCredential> {
  return verifying(async () => {
    const { verifyRegistrationResponse } = await library()
    const { clientDataJSON, attestationObject } = response.parts
    const verified = await verifyRegistrationResponse({
      ...expectations(settings, response),
      response: {
        ...keyFields(response.id),
        response: { clientDataJSON: clientDataJSON!, attestationObject: attestationObject! },
      },
      supportedAlgorithmIDs: [...ALGORITHMS],
    })
    return storedCredential(verified)
  })
}

/**
 * Throws a WebAuthnError unless the answer is signed by one of `credentials`, for a page of ours. Returns that one as it is
 * from now on, with its new counter: keys that count must have counted on, or there are two of them.
 */
export async function verifyAssertion(
  settings: VaultSettings,
  response: KeyResponse,
  credentials: readonly StoredCredential[],
): Promise<StoredCredential> {
  const used = credentials.find((credential) => credential.cred_id === response.id)
  if (used === undefined) throw new WebAuthnError('The key is none of the user')
  return verifying(async () => {
    const { verifyAuthenticationResponse } = await library()
    const { clientDataJSON, authenticatorData, signature } = response.parts
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...expectations(settings, response),
      response: {
        ...keyFields(response.id),
        response: {
          clientDataJSON: clientDataJSON!,
          authenticatorData: authenticatorData!,
          signature: signature!,
        },
      },
      credential: { id: used.cred_id, publicKey: await toCoseKey(used.cred), counter: used.counter },
    })
    if (!verified) throw new Error('The signature is wrong')
    return {
      ...used,
      counter: authenticationInfo.newCounter,
      backup_state: authenticationInfo.credentialBackedUp,
      // Old registrations do not know of it.
      backup_eligible: used.backup_eligible || authenticationInfo.credentialDeviceType === 'multiDevice',
    }
  })
}

function expectations(settings: VaultSettings, { challenge, topOrigin }: KeyResponse) {
  const rpId = relyingPartyId(settings)
  if (rpId === undefined) throw new Error('DOMAIN has no host name')
  // Our page may stand in a frame of an app, but in none of another site.
  const isInApp = topOrigin !== undefined && !/^https?:/i.test(topOrigin)
  return {
    expectedChallenge: challenge,
    expectedOrigin: settings.origin,
    expectedRPID: [rpId, appId(settings)],
    ...(isInApp ? { expectedTopOrigin: topOrigin } : {}),
    // A touch is enough for a second factor.
    requireUserVerification: false,
  }
}

/** The library throws plain Errors for all that is wrong, which quote what the client sent. */
async function verifying<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch (cause) {
    throw new WebAuthnError('The answer of the key cannot be verified', { cause })
  }
}

function toBase64Url(text: unknown): string {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/_-]+=*$/.test(text)) throw new WebAuthnError('Something is no base64')
  return Buffer.from(text, 'base64').toString('base64url')
}

const keyFields = (id: string) => ({ id, rawId: id, type: 'public-key', clientExtensionResults: {} }) as const

async function storedCredential({ registrationInfo }: VerifiedRegistrationResponse): Promise<StoredCredential> {
  if (registrationInfo === undefined) throw new Error('The answer registers nothing')
  const { credential, userVerified, credentialBackedUp, credentialDeviceType } = registrationInfo
  return {
    cred_id: credential.id,
    cred: await fromCoseKey(credential.publicKey),
    counter: credential.counter,
    transports: PLAIN.transports,
    user_verified: userVerified,
    backup_eligible: credentialDeviceType === 'multiDevice',
    backup_state: credentialBackedUp,
    registration_policy: PLAIN.registration_policy,
    extensions: PLAIN.extensions,
    attestation: PLAIN.attestation,
    attestation_format: PLAIN.attestation_format,
  }
}
