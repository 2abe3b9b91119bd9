/** A client with all that the protocol has, and without `+OK`. */
export const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1}␍␊'
export const CONNECT_BARE = 'CONNECT {"verbose":false,"pedantic":false}␍␊'

const PROTOCOL_VIOLATION = { code: 1002, reason: 'Protocol Violation' }
export const UNKNOWN_OPERATION = { hear: "-ERR 'Unknown Protocol Operation'␍␊", ends: PROTOCOL_VIOLATION }
export const WITHOUT_A_WORD = { hear: '', ends: PROTOCOL_VIOLATION }
