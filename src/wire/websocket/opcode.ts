/** RFC 6455 §5.2. */
export const Opcode = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const

export type Opcode = (typeof Opcode)[keyof typeof Opcode]
export type DataOpcode = typeof Opcode.TEXT | typeof Opcode.BINARY

/** RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less". */
export const MAX_CONTROL_PAYLOAD_BYTES = 125

/** The longest frame header: 2 bytes, a 64-bit length and the masking key. */
export const MAX_HEADER_BYTES = 14
