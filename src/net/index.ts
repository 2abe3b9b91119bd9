export type { Carrier, CarrierReceiver, MessageReceiver, RemoteAddress, StreamReceiver } from './carrier.ts'
export { type ClientAddress, type ClientAddressRules, clientAddress, peerAddress } from './client-address.ts'
export { formatAddress, type ListenAddress, Listener } from './listener.ts'
export { ensureLocalCertificate } from './local-ca.ts'
export { isLocalRequest } from './local-request.ts'
export { TcpCarrier } from './tcp-carrier.ts'
export {
  type AcceptOptions,
  acceptWebSocket,
  acceptWebSocketStream,
  type Refusal,
  refuseUpgrade,
  type StreamAcceptOptions,
  type StreamCompression,
  type UpgradeHandler,
  type UpgradeObjection,
} from './upgrade.ts'
export { UpgradeRouter } from './upgrade-router.ts'
export { createWebServer, type TlsMaterial, type WebServerOptions } from './web-server.ts'
export { type WebSocketAgreement, WebSocketCarrier } from './websocket-carrier.ts'
export { WebSocketCompression, type WebSocketCompressionOptions } from './websocket-compression.ts'
