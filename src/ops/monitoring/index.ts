export { createMonitoringHandler, type MonitoringHandlerOptions } from './handler.ts'
export { peerCertificate } from './peer-certificate.ts'
export type {
  AccountSnapshot,
  ClosedConnectionSnapshot,
  ConnectionSnapshot,
  LeafnodesSnapshot,
  LeafSnapshot,
  MonitoringSource,
  PeerCertificateSnapshot,
  PushesSnapshot,
  ServerSnapshot,
  SubscriptionSnapshot,
  TlsSnapshot,
  TotalsSnapshot,
  WebsocketSnapshot,
} from './source.ts'
