import { randomFillSync } from 'node:crypto'

/** Asking for four random bytes costs as much as asking for four thousand. */
const POOL_BYTES = 4096
const KEY_BYTES = 4

const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
let at = POOL_BYTES

/** A key for one frame, which nobody can foresee (RFC 6455 §5.3): four random bytes, the first one lowest. */
export function maskingKey(): number {
  if (at === POOL_BYTES) {
    randomFillSync(pool)
    at = 0
  }
  const key = pool.readInt32LE(at)
  at += KEY_BYTES
  return key
}
