/** What is configured as a password or token: the text itself, or a hash of it. */
export type Secret =
  | { readonly kind: 'plain' }
  | { readonly kind: 'bcrypt'; readonly salt: string; readonly hash: string }
  | { readonly kind: 'argon2'; readonly parameters: Argon2Parameters; readonly salt: Buffer; readonly hash: Buffer }
  /** A hash by its beginning, and none that anything can be compared with: nobody has such a password. */
  | { readonly kind: 'unusable'; readonly reason: string }

export interface Argon2Parameters {
  readonly algorithm: 'argon2d' | 'argon2i' | 'argon2id'
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
}

/** What nats-server takes for a bcrypt hash and not for the secret itself. (`spec/nats.md` §4.2) */
const BCRYPT_BEGINNING = /^\$2[abxy]\$\d{2}\$/
/** Salt and hash in bcrypt's own base 64; a cost of 4 to 31. */
const BCRYPT = /^\$2[abxy](?<salt>\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{22})(?<hash>[./A-Za-z0-9]{31})$/

const ARGON2_BEGINNING = /^\$argon2(?:id|i|d)\$/
/** https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
const ARGON2 =
  /^\$(?<algorithm>argon2(?:id|i|d))\$v=19\$m=(?<memory>\d{1,10}),t=(?<passes>\d{1,10}),p=(?<parallelism>\d{1,8})\$(?<salt>[A-Za-z0-9+/]{11,})\$(?<hash>[A-Za-z0-9+/]{6,})$/

const MAX_UINT32 = 2 ** 32 - 1
const MAX_PARALLELISM = 2 ** 24 - 1

/** `text` as nats-server understands it, and hashes of argon2 besides, which nats-server takes for the password itself. */
export function readSecret(text: string): Secret {
  if (!text.startsWith('$')) return { kind: 'plain' }
  if (BCRYPT_BEGINNING.test(text)) return readBcrypt(text)
  return ARGON2_BEGINNING.test(text) ? readArgon2(text) : { kind: 'plain' }
}

/** Whether whoever reads the configuration can read the secret. */
export function isPlainSecret(text: string): boolean {
  return readSecret(text).kind === 'plain'
}

/** Why nobody can have a secret that is configured as `text`; `undefined` when somebody can. Never the text. */
export function secretProblem(text: string): string | undefined {
  const secret = readSecret(text)
  return secret.kind === 'unusable' ? secret.reason : undefined
}

/** Whatever the letter, it is the algorithm of `$2b$`, as in nats-server. */
function readBcrypt(text: string): Secret {
  const { salt, hash } = BCRYPT.exec(text)?.groups ?? {}
  if (salt === undefined || hash === undefined) return { kind: 'unusable', reason: 'it is no complete bcrypt hash' }
  return { kind: 'bcrypt', salt: `$2b${salt}`, hash }
}

function readArgon2(text: string): Secret {
  const unusable = (reason: string): Secret => ({ kind: 'unusable', reason })
  const { algorithm, memory, passes, parallelism, salt = '', hash = '' } = ARGON2.exec(text)?.groups ?? {}
  if (algorithm === undefined) return unusable('it is no complete argon2 hash of version 19')
  const parameters: Argon2Parameters = {
    // The expression lets no other through.
    algorithm: algorithm as Argon2Parameters['algorithm'],
    memoryKib: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  }
  if (!isPossible(parameters)) return unusable('its argon2 parameters are out of range')
  return { kind: 'argon2', parameters, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

/** RFC 9106 §3.1. */
export function isPossible({ memoryKib, passes, parallelism }: Argon2Parameters): boolean {
  return (
    isIn(parallelism, 1, MAX_PARALLELISM) && isIn(passes, 1, MAX_UINT32) && isIn(memoryKib, 8 * parallelism, MAX_UINT32)
  )
}

function isIn(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}
