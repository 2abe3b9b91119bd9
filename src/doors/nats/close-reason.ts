/**
 * Why a client connection ended, each with the status (RFC 6455 §7.4) of the close frame that a WebSocket client is
 * told it by. The texts are wire format: the close frame carries them, and monitoring tools compare them. Reasons of
 * other kinds of nats-server's connections (routes, gateways) are not here. (`spec/nats.md` §2.4, §3.7)
 */
export const WEBSOCKET_CLOSE_CODE = {
  'Client Closed': 1000,

  'Write Error': 1001,
  'Read Error': 1001,
  'Stale Connection': 1001,
  'Server Shutdown': 1001,

  'Parse Error': 1002,
  'Protocol Violation': 1002,
  'Bad Client Protocol Version': 1002,

  'Authentication Timeout': 1008,
  'Authentication Failure': 1008,
  'Authentication Expired': 1008,
  'Credentials Revoked': 1008,
  'Missing Account': 1008,
  'Slow Consumer (Pending Bytes)': 1008,
  'Slow Consumer (Write Deadline)': 1008,
  'Maximum Connections Exceeded': 1008,
  'Maximum Account Connections Exceeded': 1008,
  'Maximum Control Line Exceeded': 1008,
  'Maximum Subscriptions Exceeded': 1008,

  'Maximum Message Payload Exceeded': 1009,

  'No Responders Requires Headers': 1011,
  'Incorrect Port': 1011,
  'Duplicate Client ID': 1011,
  'Duplicate Remote LeafNode Connection': 1011,
  'Cluster Names Identical': 1011,
  'Minimum Version Required': 1011,
  'Wrong Gateway': 1011,
  Kicked: 1011,
  'Internal Client': 1011,

  /** Never on the wire: there is no WebSocket before its TLS. */
  'TLS Handshake Failure': 1015,
} as const satisfies Record<string, number>

export type CloseReason = keyof typeof WEBSOCKET_CLOSE_CODE
