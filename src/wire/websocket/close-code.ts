/**
 * Whether a close frame may carry this status (RFC 6455 §7.4): 1004 to 1006 and 1015 never go on the wire, 1016 to 2999
 * are reserved, 3000 to 4999 belong to libraries and applications.
 */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code < 5000
  return code >= 1000 && code < 1015 && (code < 1004 || code > 1006)
}
