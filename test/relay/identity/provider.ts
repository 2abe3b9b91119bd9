import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

/** One that signs tokens. */
export interface SigningKey extends KeyPair {
  readonly jwk: JWK
}

export async function newKey(kid: string): Promise<SigningKey> {
  const pair = await generateKeyPair('RS256', { extractable: true })
  return { ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256', use: 'sig' } }
}

/** An OpenID provider on loopback, as the Identity service of an official server is one. */
export class Provider implements AsyncDisposable {
  /** As the official one: without the port that it is asked on. */
  readonly issuer = 'http://127.0.0.1'
  authority = ''
  /** Keys that it tells of. */
  keys: readonly SigningKey[]
  /** Paths that were asked for. */
  readonly asked: string[] = []
  /** Answers instead of it, while it is there. */
  answer: ((response: ServerResponse, path: string) => void) | undefined
  readonly #server = createServer((request, response) => this.#respond(request.url ?? '', response))

  static async start(): Promise<Provider> {
    const provider = new Provider([await newKey('first')])
    await provider.#listen()
    return provider
  }

  private constructor(keys: readonly SigningKey[]) {
    this.keys = keys
  }

  get discovery(): Record<string, unknown> {
    return { issuer: this.issuer, jwks_uri: `${this.authority}/.well-known/openid-configuration/jwks` }
  }

  /** An access token as the official Identity service writes it, but for what is said otherwise. */
  async token(claims: Record<string, unknown>, header: Record<string, unknown> = {}, key = this.keys[0]!) {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: this.issuer, nbf: now, iat: now, exp: now + 3600, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: key.jwk.kid!, typ: 'at+jwt', ...header })
      .sign(key.privateKey)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.authority = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #respond(path: string, response: ServerResponse): void {
    this.asked.push(path)
    if (this.answer !== undefined) this.answer(response, path)
    else if (path === '/.well-known/openid-configuration') sendJson(response, this.discovery)
    else if (path === '/.well-known/openid-configuration/jwks') {
      sendJson(response, { keys: this.keys.map(({ jwk }) => jwk) })
    } else response.writeHead(404).end()
  }
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}
