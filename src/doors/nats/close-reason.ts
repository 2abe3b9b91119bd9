/**
 * Why a client connection ended. The texts are wire format: a WebSocket close frame carries them, and monitoring
 * tools compare them. (`spec/nats.md` §2.4, §3.7)
 */
export type CloseReason =
  | 'Client Closed'
  | 'Parse Error'
  | 'Protocol Violation'
  | 'Bad Client Protocol Version'
  | 'Authentication Failure'
  | 'Slow Consumer (Pending Bytes)'
  | 'Slow Consumer (Write Deadline)'
  | 'Maximum Connections Exceeded'
  | 'Maximum Control Line Exceeded'
  | 'Maximum Message Payload Exceeded'
  | 'No Responders Requires Headers'
  | 'Stale Connection'
  | 'Read Error'
  | 'Server Shutdown'

/** RFC 6455 §7.4 status for each reason. */
export const WEBSOCKET_CLOSE_CODE: Record<CloseReason, number> = {
  'Client Closed': 1000,
  'Parse Error': 1002,
  'Protocol Violation': 1002,
  'Bad Client Protocol Version': 1002,
  'Authentication Failure': 1008,
  'Slow Consumer (Pending Bytes)': 1008,
  'Slow Consumer (Write Deadline)': 1008,
  'Maximum Connections Exceeded': 1008,
  'Maximum Control Line Exceeded': 1008,
  'Maximum Message Payload Exceeded': 1009,
  'No Responders Requires Headers': 1011,
  'Stale Connection': 1001,
  'Read Error': 1001,
  'Server Shutdown': 1001,
}
