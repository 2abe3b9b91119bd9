/** What a browser does with the body of a Web Push message: RFC 8291, by way of RFC 8188. */
import { createDecipheriv, type ECDH, hkdfSync } from 'node:crypto'

const SALT_BYTES = 16
/** An uncompressed point of P-256. */
const POINT_BYTES = 65
const HEADER_BYTES = SALT_BYTES + 4 + 1
const TAG_BYTES = 16
/** Ends the data of the last record; one that is followed by others has 1. RFC 8188 §2 */
const LAST_RECORD = 2

/** The browser's side of a subscription. */
export interface BrowserKeys {
  /** Of `prime256v1`, with both keys. */
  readonly ecdh: ECDH
  /** 16 bytes. */
  readonly auth: Buffer
}

/** Throws, and says why, when the body is no message for these keys. */
export function decryptWebPush(body: Buffer, { ecdh, auth }: BrowserKeys): Buffer {
  if (body.length < HEADER_BYTES) throw new Error('body ends within its header')
  const salt = body.subarray(0, SALT_BYTES)
  const recordBytes = body.readUInt32BE(SALT_BYTES)
  const keyIdBytes = body[SALT_BYTES + 4]!
  if (keyIdBytes !== POINT_BYTES) throw new Error(`keyid has ${keyIdBytes} bytes, and not the ${POINT_BYTES} of a key`)
  const senderKey = body.subarray(HEADER_BYTES, HEADER_BYTES + POINT_BYTES)
  const record = body.subarray(HEADER_BYTES + POINT_BYTES)
  // RFC 8291 §4: there is one record, so that its size is never less than what it has.
  if (recordBytes < TAG_BYTES + 2) throw new Error(`record size ${recordBytes} is less than RFC 8188 allows`)
  if (record.length > recordBytes) throw new Error(`record has ${record.length} bytes, and may have ${recordBytes}`)
  if (record.length < TAG_BYTES + 1) throw new Error('record is shorter than its own end')

  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), senderKey])
  const inputKey = derive(ecdh.computeSecret(senderKey), auth, keyInfo, 32)
  const contentKey = derive(inputKey, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(inputKey, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const decipher = createDecipheriv('aes-128-gcm', contentKey, nonce).setAuthTag(record.subarray(-TAG_BYTES))
  const padded = Buffer.concat([decipher.update(record.subarray(0, -TAG_BYTES)), decipher.final()])

  // After the data comes the mark of the last record, and then as many zeros as the sender likes.
  const end = padded.findLastIndex((byte) => byte !== 0)
  if (padded[end] !== LAST_RECORD) throw new Error('record is not marked as the last')
  return padded.subarray(0, end)
}

function derive(key: Buffer, salt: Buffer, info: Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, bytes))
}
