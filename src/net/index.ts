export { AddressLimit } from './address-limit.ts'
export { bearerToken } from './bearer-token.ts'
export { discardBody, withoutBodyDeadline } from './body-deadline.ts'
export type { Carrier, CarrierReceiver, MessageReceiver, RemoteAddress, StreamReceiver } from './carrier.ts'
export { certificateHash, publicKeyHash, subjectOf } from './certificate.ts'
export {
  type ClientAddress,
  type ClientAddressRules,
  clientAddress,
  concludeClient,
  peerAddress,
} from './client-address.ts'
export type { ClientConclusion, ConcludeClient } from './client-conclusion.ts'
export { concludeForwarded, type ForwardedRequest, forwardedLogPrefix, forwardedRequest } from './forwarded.ts'
export type { StreamCompression } from './inflating-reader.ts'
export { formatAddress, type ListenAddress, Listener } from './listener.ts'
export { ensureLocalCertificate, type LocalCertificate } from './local-ca.ts'
export { isLocalRequest } from './local-request.ts'
export { OutboundQueue } from './outbound-queue.ts'
export { type ClientTlsOptions, type ClientTlsSettings, readClientTls } from './outgoing/client-tls.ts'
export { type DialedSocket, type DialOptions, type DialTarget, dial } from './outgoing/dial.ts'
export { DialError, type DialErrorCode } from './outgoing/dial-error.ts'
export { BlockedError, type GuardRules, type GuardTools } from './outgoing/guarded-connection.ts'
export { type GetAnswer, type GetRequest, type GuardedGet, guardedGet } from './outgoing/guarded-get.ts'
export { GuardedPost, type PostAnswer, type PostRequest } from './outgoing/guarded-post.ts'
export type { HttpProxy } from './outgoing/http-tunnel.ts'
export { type Lookup, systemLookup } from './outgoing/lookup.ts'
export {
  openWebSocketStream,
  type StreamOpenOptions,
  type UpgradedSocket,
  upgradeToWebSocket,
  type WebSocketRequest,
  type WebSocketUpgradeOptions,
} from './outgoing/open-websocket.ts'
export { plainText } from './outgoing/plain-text.ts'
export {
  connectionError,
  type StartClientTlsOptions,
  startClientTls,
  tlsServerName,
} from './outgoing/start-client-tls.ts'
export { checkWebPushAddress, pushServiceOf, type WebPushFields } from './outgoing/web-push-address.ts'
export { untilAborted } from './outgoing/with-deadline.ts'
export { type PathHandlers, PathRouter } from './path-router.ts'
export { readPemFile } from './pem-file.ts'
export { type Arrival, type PeerClass, peerClass } from './probe/arrival.ts'
export { type ListenerProbe, NO_PROBE, PROBE_HEADER, Probe, STREAM_MS } from './probe/probe.ts'
export { ProxyProtocolError, type ProxyProtocolRules, proxyProtocolRules, readProxyHeader } from './proxy-protocol.ts'
export { readBody } from './read-body.ts'
export { EndedEarlyError, type Head, readHead } from './read-head.ts'
export { remoteOf } from './remote-address.ts'
export {
  answerInContext,
  contextOf,
  continueInContext,
  currentRequest,
  nameRoute,
  outsideRequests,
  REQUEST_ID_HEADER,
  RequestContext,
  type RequestEnd,
  tellRequestId,
} from './request-context.ts'
export { RequestIds, saneRequestId } from './request-ids.ts'
export { type RequestTarget, requestTarget } from './request-target.ts'
export { type StartTlsOptions, startTls, TlsHandshakeError } from './start-tls.ts'
export { StaticFiles } from './static/files.ts'
export { TcpCarrier } from './tcp-carrier.ts'
export { loadTls, type TlsMaterial, type TlsOptions, type TlsSettings, tlsFrom } from './tls.ts'
export { type TrustCheck, type TrustedProxies, trustCheck } from './trusted-proxies.ts'
export {
  type AcceptOptions,
  acceptWebSocket,
  acceptWebSocketStream,
  type Refusal,
  refuseUpgrade,
  type StreamAcceptOptions,
  type UpgradeHandler,
  type UpgradeObjection,
} from './upgrade.ts'

export {
  type Admission,
  createWebServer,
  type FailedConnection,
  WebServer,
  type WebServerOptions,
  type WebServerSettings,
} from './web-server.ts'
export { type WebSocketAgreement, WebSocketCarrier } from './websocket-carrier.ts'
export { WebSocketCompression, type WebSocketCompressionOptions } from './websocket-compression.ts'
export { refuseRequest } from './wrong-protocol.ts'
