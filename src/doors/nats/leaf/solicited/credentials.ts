import { readFile, stat } from 'node:fs/promises'
import { decodeJwt, KeyPair } from '#auth'
import { LeafFailure } from './leaf-failure.ts'
import type { LeafRemoteOptions, SolicitedUrl } from './remote-options.ts'

/** A file with a JWT and a seed has about two kilobytes. */
const MAX_FILE_BYTES = 1024 * 1024

/** Who this server says to be in CONNECT, as far as it is known before the other server has spoken. */
export interface LeafLogin {
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly jwt?: string | undefined
  /** Signs the nonce. */
  readonly keys?: KeyPair | undefined
  /** When the JWT expires: milliseconds since the epoch. */
  readonly expiresAtMs?: number | undefined
}

/** Fields of CONNECT, with the names of the wire. (spec: nats §5.3) */
export interface LoginFields {
  readonly user?: string | undefined
  readonly pass?: string | undefined
  readonly auth_token?: string | undefined
  readonly jwt?: string | undefined
  readonly nkey?: string | undefined
  readonly sig?: string | undefined
}

/**
 * The credentials of a remote for one attempt; a file is read anew each time, since it may have been exchanged. Those of
 * the URL go for servers that were discovered too. Rejects with a `LeafFailure`, in nats-server's words.
 */
export async function readLogin(
  options: Pick<LeafRemoteOptions, 'urls' | 'credentialsFile' | 'nkeySeed'>,
  url: SolicitedUrl,
): Promise<LeafLogin> {
  const { credentialsFile, nkeySeed, urls } = options
  const { user, password } = url.user === undefined ? (urls.find((one) => one.user !== undefined) ?? url) : url
  const named = { user, password }
  if (credentialsFile !== undefined) return { ...named, ...(await readCredentials(credentialsFile)) }
  // The configuration checked that it is one.
  return nkeySeed === undefined ? named : { ...named, keys: KeyPair.fromSeed(nkeySeed) }
}

export function loginFields({ user, password, jwt, keys }: LeafLogin, nonce: string): LoginFields {
  return {
    user,
    pass: password,
    // As nats-server has it: a user alone may be a token.
    auth_token: password === undefined ? user : undefined,
    jwt,
    nkey: jwt === undefined ? keys?.publicKey : undefined,
    sig: keys?.sign(nonce).toString('base64url'),
  }
}

async function readCredentials(file: string): Promise<Pick<LeafLogin, 'jwt' | 'keys' | 'expiresAtMs'>> {
  const failure = (reason: string, hint: string) =>
    new LeafFailure('CREDENTIALS', `${reason} ${JSON.stringify(file)}`, { hint })
  const text = await readBounded(file).catch((error: NodeJS.ErrnoException) => {
    throw failure(
      `cannot read the credentials file (${error.code ?? error.message})`,
      'check its path and who may read it',
    )
  })
  const [jwt, seed] = [...text.matchAll(BLOCK)].map((match) => match[1]!)
  if (jwt === undefined || seed === undefined) {
    throw failure('Credentials file malformed:', 'a user JWT and its seed are expected, as nsc writes them')
  }
  const keys = KeyPair.fromSeed(seed)
  if (keys?.kind !== 'user') throw failure('Credentials file has malformed seed:', 'make it anew, with nsc')
  const decoded = decodeJwt(jwt, 'user')
  // A JWT that we do not understand may be good for a newer server: let that decide.
  const expiresAt = decoded.ok ? decoded.claims.expiresAt : undefined
  return { jwt, keys, expiresAtMs: expiresAt ? expiresAt * 1000 : undefined }
}

/** nats-server's `credsRe`: what stands between two lines of dashes. */
const BLOCK = /-{3,}[^\r\n]*-{3,}\r?\n([\w\-.=]+)(?=\r?\n-{3,}[^\r\n]*-{3,}(?:\r?\n|$))/g

async function readBounded(file: string): Promise<string> {
  const stats = await stat(file)
  if (!stats.isFile()) throw new Error('it is no file')
  if (stats.size > MAX_FILE_BYTES) throw new Error('it is too long')
  return readFile(file, 'utf8')
}
