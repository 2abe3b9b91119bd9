import type { X509Certificate } from 'node:crypto'
import type { ConnectionType, LoginRequest } from '../authenticator.ts'
import type { WireClaims } from '../jwt/index.ts'
import type { CalloutServer } from './options.ts'

const AUDIENCE = 'nats-authorization-request'

/** Longest chain of certificates that is told. */
const MAX_CHAIN = 10

export interface AuthorizationRequest {
  /** Whom the answer is to be from. */
  readonly issuer: string
  /** Made for this request alone: the answer has to name it. */
  readonly userNkey: string
  readonly server: CalloutServer
  readonly isSealed: boolean
  readonly expiresMs: number
  readonly login: LoginRequest
}

/** The claims of an authorization request, all that is known of who wants to come in. Secrets of the client included. */
export function authorizationRequest(request: AuthorizationRequest): WireClaims {
  const { issuer, userNkey, server, isSealed, expiresMs, login } = request
  const { client } = login
  return {
    sub: issuer,
    aud: AUDIENCE,
    exp: Math.floor(expiresMs / 1000),
    nats: {
      type: 'authorization_request',
      server_id: {
        name: server.name,
        host: server.host,
        id: server.keys.publicKey,
        version: server.version,
        tags: server.tags?.length ? server.tags : undefined,
        xkey: isSealed ? server.xkeys.publicKey : undefined,
      },
      user_nkey: userNkey,
      client_info: {
        host: login.address,
        id: client.id,
        user: userOf(login) || undefined,
        name: client.name || undefined,
        kind: login.connectionType.startsWith('LEAFNODE') ? 'Leafnode' : 'Client',
        type: CLIENT_TYPES[login.connectionType],
        nonce: login.signature === '' ? undefined : login.nonce,
      },
      connect_opts: {
        jwt: login.jwt || undefined,
        nkey: login.nkey || undefined,
        sig: login.signature || undefined,
        auth_token: login.token || undefined,
        user: login.user || undefined,
        pass: login.password || undefined,
        name: client.name || undefined,
        lang: client.lang || undefined,
        version: client.version || undefined,
        protocol: client.protocol,
      },
      client_tls: client.tls && {
        version: client.tls.version,
        cipher: client.tls.cipherSuite,
        verified_chains: login.peerCertificate && [chainOf(login.peerCertificate)],
      },
    },
  }
}

/** As nats-server calls whoever shows this; empty for who shows nothing. */
export function userOf({ nkey, user, token }: LoginRequest): string {
  return nkey || user || (token === '' ? '' : '[REDACTED]')
}

const CLIENT_TYPES: Readonly<Record<ConnectionType, string | undefined>> = {
  STANDARD: 'nats',
  WEBSOCKET: 'websocket',
  MQTT: 'mqtt',
  MQTT_WS: 'mqtt',
  IN_PROCESS: 'nats',
  LEAFNODE: undefined,
  LEAFNODE_WS: undefined,
}

/** PEM of the certificate and of those that came with it to vouch for it; nats-server adds the root, which is not sent. */
function chainOf(certificate: X509Certificate): readonly string[] {
  const chain: string[] = []
  let next: X509Certificate | undefined = certificate
  while (next !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next.toString())
    const issuer: X509Certificate | undefined = next.issuerCertificate
    // A root vouches for itself.
    next = issuer?.fingerprint256 === next.fingerprint256 ? undefined : issuer
  }
  return chain
}
