import { type Authenticator, type AuthenticatorTools, authenticatorFor, type ListenerAuthorization } from '#auth'
import type { NatsServerOptions } from '#config'

/** Who may use a listener, of which is said what only it has. */
export type AuthenticatorOf = (listener: Pick<ListenerAuthorization, 'override' | 'mapsCertificates'>) => Authenticator

/** What all listeners of a server share about it. */
export function authenticators(
  { nats, websockets, leafnodes }: Pick<NatsServerOptions, 'nats' | 'websockets' | 'leafnodes'>,
  tools: AuthenticatorTools,
): AuthenticatorOf {
  const certificateTypes = [
    ...(nats.authorization.certificateTypes ?? []),
    ...(nats.tls?.verifyAndMap ? (['STANDARD'] as const) : []),
    ...(leafnodes.listener?.tls?.verifyAndMap ? (['LEAFNODE'] as const) : []),
    ...(websockets.some(({ tls }) => tls?.verifyAndMap) ? (['WEBSOCKET'] as const) : []),
  ]
  const shared = { main: nats.authorization, tlsTimeoutMs: nats.tls?.timeoutMs, certificateTypes }
  return (listener) => authenticatorFor({ ...shared, ...listener }, tools)
}
