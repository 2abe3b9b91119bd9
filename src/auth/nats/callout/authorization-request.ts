import type { ConnectionType, LoginRequest } from '../authenticator.ts'
import type { WireClaims } from '../jwt/index.ts'
import type { CalloutServer } from './options.ts'

const AUDIENCE = 'nats-authorization-request'

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
        verified_chains: login.peerCertificate && [client.tls.peerChain().map(pemOf)],
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

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
