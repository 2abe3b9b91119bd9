import { parseJson } from '../../json-text.ts'
import { isObject, type JsonObject } from '../../schema.ts'

/** A security key of a user, as Vaultwarden keeps it: a list of these is the `data` of its row. */
export interface Registration {
  /** Chosen by the client; from 1. */
  readonly id: number
  readonly name: string
  /** Whether it was a U2F key before. */
  readonly migrated: boolean
  readonly credential: { readonly cred: StoredCredential }
}

/** The `Passkey` of the library webauthn-rs 0.5, whose names these are. Bytes are base64url without padding. */
export interface StoredCredential {
  readonly cred_id: string
  readonly cred: { readonly type_: string; readonly key: StoredKey }
  counter: number
  readonly transports: readonly string[] | null
  readonly user_verified: boolean
  backup_eligible: boolean
  backup_state: boolean
  readonly registration_policy: string
  readonly extensions: JsonObject
  readonly attestation: JsonObject
  readonly attestation_format: string
}

export type StoredKey =
  | { readonly EC_EC2: { readonly curve: string; readonly x: string; readonly y: string } }
  | { readonly EC_OKP: { readonly curve: string; readonly x: string } }
  /** `e`: three bytes, as numbers. */
  | { readonly RSA: { readonly n: string; readonly e: readonly number[] } }

/** What webauthn-rs writes of a key that was asked for no extensions and no attestation. */
export const PLAIN = {
  transports: null,
  registration_policy: 'discouraged',
  extensions: {
    cred_protect: 'NotRequested',
    hmac_create_secret: 'NotRequested',
    appid: 'NotRequested',
    cred_props: 'NotRequested',
  },
  attestation: { data: 'None', metadata: 'None' },
  attestation_format: 'none',
} as const

/** The keys of a row, none when there is no row; undefined when they are not what Vaultwarden writes. */
export function readRegistrations(data: string | undefined): Registration[] | undefined {
  if (data === undefined) return []
  const list = parseJson(data)
  return Array.isArray(list) && list.every(isRegistration) ? list : undefined
}

function isRegistration(value: unknown): value is Registration {
  if (!isObject(value) || !isObject(value.credential) || !isObject(value.credential.cred)) return false
  const { cred_id: id, cred: key, counter } = value.credential.cred
  return (
    Number.isInteger(value.id) &&
    typeof value.name === 'string' &&
    typeof id === 'string' &&
    Number.isInteger(counter) &&
    isObject(key) &&
    isObject(key.key)
  )
}

/** By which a browser finds a key (WebAuthn §5.8.3). */
export const descriptor = ({ credential }: Registration) => ({ type: 'public-key', id: credential.cred.cred_id })
