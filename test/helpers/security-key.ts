import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'

const FLAG = { userPresent: 0x01, hasCredential: 0x40 }

const base64Url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()

export interface SecurityKeyOptions {
  /** Default: ES256. */
  readonly algorithm?: 'ES256' | 'RS256'
  /** The page that asks; default `https://localhost`. */
  readonly origin?: string
  readonly rpId?: string
}

/** A security key together with its browser: what both answer to the options of a server (WebAuthn §6). */
export class SecurityKey {
  readonly id = randomBytes(32)
  readonly #origin: string
  readonly #rpId: string
  readonly #algorithm: 'ES256' | 'RS256'
  readonly #privateKey: KeyObject
  readonly #publicKey: JsonWebKey
  /** How often it has signed; a copy of the key would not know. */
  counter = 0

  constructor({ algorithm = 'ES256', origin = 'https://localhost', rpId = 'localhost' }: SecurityKeyOptions = {}) {
    this.#origin = origin
    this.#rpId = rpId
    this.#algorithm = algorithm
    const { privateKey, publicKey } =
      algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#privateKey = privateKey
    this.#publicKey = publicKey.export({ format: 'jwk' }) as JsonWebKey
  }

  /** `deviceResponse` of a client that sets the key up; without attestation. */
  register({ challenge }: { challenge: string }) {
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, this.#coseKey()])
    const authData = Buffer.concat([this.#authenticatorData(FLAG.userPresent | FLAG.hasCredential), credential])
    const attestation = new Map<string, string | Uint8Array | Map<string, string>>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(authData)],
    ])
    return {
      id: base64Url(this.id),
      // As clients do: in the other base64.
      rawId: this.id.toString('base64'),
      type: 'public-key',
      extensions: {},
      response: {
        AttestationObject: Buffer.from(isoCBOR.encode(attestation)).toString('base64'),
        clientDataJson: this.#clientData('webauthn.create', challenge).toString('base64'),
      },
    }
  }

  /** `twoFactorToken` of a login, as `changes` to what the page says of itself have it. */
  assert({ challenge }: { challenge: string }, changes: Record<string, unknown> = {}): string {
    this.counter++
    const authData = this.#authenticatorData(FLAG.userPresent)
    const clientData = this.#clientData('webauthn.get', challenge, changes)
    return JSON.stringify({
      id: base64Url(this.id),
      rawId: base64Url(this.id),
      type: 'public-key',
      extensions: {},
      response: {
        authenticatorData: base64Url(authData),
        clientDataJson: base64Url(clientData),
        signature: base64Url(sign('sha256', Buffer.concat([authData, sha256(clientData)]), this.#privateKey)),
      },
    })
  }

  #clientData(type: string, challenge: string, changes: Record<string, unknown> = {}): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false, ...changes }))
  }

  #authenticatorData(flags: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([sha256(this.#rpId), Buffer.from([flags]), counter])
  }

  /** RFC 9052 §7, RFC 9053 §7.1.1, RFC 8230 §4. */
  #coseKey(): Uint8Array {
    const { x = '', y = '', n = '', e = '' } = this.#publicKey
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
    return isoCBOR.encode(
      new Map<number, number | Uint8Array>(
        this.#algorithm === 'ES256'
          ? [
              [1, 2],
              [3, -7],
              [-1, 1],
              [-2, bytes(x)],
              [-3, bytes(y)],
            ]
          : [
              [1, 3],
              [3, -257],
              [-1, bytes(n)],
              [-2, bytes(e)],
            ],
      ),
    )
  }
}
