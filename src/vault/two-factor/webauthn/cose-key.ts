import type { StoredKey } from './registrations.ts'

/** By the names of webauthn-rs; numbers of RFC 9053. New keys are made of the first two only, as at Vaultwarden. */
const ALGORITHM: Record<string, number> = {
  ES256: -7,
  RS256: -257,
  ES384: -35,
  ES512: -36,
  EDDSA: -8,
}

/** What a new key may sign with; the most wanted first. */
export const ALGORITHMS: readonly number[] = [-7, -257]

/** RFC 9053 §7.1, by the names of webauthn-rs. */
const CURVE: Record<string, number> = { SECP256R1: 1, SECP384R1: 2, SECP521R1: 3, ED25519: 6 }

/** Labels of the members of a key (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4). The same number says different things. */
const LABEL = { type: 1, algorithm: 3, curve: -1, x: -2, y: -3, modulus: -1, exponent: -2 } as const
const KEY_TYPE = { OKP: 1, EC2: 2, RSA: 3 } as const

/** Loaded when it is needed first, as in `relying-party.ts`. */
const library = () => import('@simplewebauthn/server/helpers')

interface Key {
  readonly type_: string
  readonly key: StoredKey
}

type CoseMap = Map<number, number | Uint8Array>

/** COSE bytes of a stored key. Throws an Error for an algorithm or a curve that is not known. */
export async function toCoseKey({ type_, key }: Key): Promise<Uint8Array<ArrayBuffer>> {
  // Vaultwarden's older names end in the curve's hash.
  const name = type_.replace(/^ECDSA_SHA/, 'ES')
  const map: CoseMap = new Map([[LABEL.algorithm as number, known(ALGORITHM, name)]])
  if ('EC_EC2' in key) {
    map.set(LABEL.type, KEY_TYPE.EC2).set(LABEL.curve, known(CURVE, key.EC_EC2.curve))
    map.set(LABEL.x, bytes(key.EC_EC2.x)).set(LABEL.y, bytes(key.EC_EC2.y))
  } else if ('EC_OKP' in key) {
    map.set(LABEL.type, KEY_TYPE.OKP).set(LABEL.curve, known(CURVE, key.EC_OKP.curve))
    map.set(LABEL.x, bytes(key.EC_OKP.x))
  } else {
    map.set(LABEL.type, KEY_TYPE.RSA).set(LABEL.modulus, bytes(key.RSA.n))
    map.set(LABEL.exponent, Uint8Array.from(key.RSA.e))
  }
  const { isoCBOR } = await library()
  return isoCBOR.encode(map)
}

/** A key as webauthn-rs has it, of one of `ALGORITHMS`. Throws an Error for any other. */
export async function fromCoseKey(cose: Uint8Array<ArrayBuffer>): Promise<Key> {
  const { decodeCredentialPublicKey } = await library()
  const map = decodeCredentialPublicKey(cose) as unknown as CoseMap
  const member = (label: number) => Buffer.from(map.get(label) as Uint8Array)
  switch (map.get(LABEL.algorithm)) {
    case ALGORITHM.ES256: {
      if (map.get(LABEL.curve) !== CURVE.SECP256R1) throw new Error('A key of a curve that is not supported')
      const [x, y] = [member(LABEL.x).toString('base64url'), member(LABEL.y).toString('base64url')]
      return { type_: 'ES256', key: { EC_EC2: { curve: 'SECP256R1', x, y } } }
    }
    case ALGORITHM.RS256: {
      const exponent = member(LABEL.exponent)
      if (exponent.length !== 3) throw new Error('A key of an exponent that is not supported')
      return { type_: 'RS256', key: { RSA: { n: member(LABEL.modulus).toString('base64url'), e: [...exponent] } } }
    }
    default:
      throw new Error('A key of an algorithm that was not asked for')
  }
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))

function known(numbers: Record<string, number>, name: string): number {
  const number = numbers[name]
  if (number === undefined) throw new Error(`Security keys of '${name}' are not supported`)
  return number
}
