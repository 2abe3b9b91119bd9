import type { LoginRequest } from '#auth'

/** A client that shows nothing, but for what is given. */
export function loginRequest(shown: Partial<LoginRequest> = {}): LoginRequest {
  return {
    user: '',
    password: '',
    token: '',
    jwt: '',
    nkey: '',
    signature: '',
    nonce: '',
    connectionType: 'STANDARD',
    address: '192.0.2.1',
    port: 50_000,
    peerCertificate: undefined,
    client: { id: 1, name: '', lang: '', version: '', protocol: 1, tls: undefined },
    ...shown,
  }
}
