/**
 * Where each of nats-server's own WebSocket tests (server/websocket_test.go; spec/nats.md §8.1) is answered here. A row
 * that cannot be seen from outside, or that waits for a later issue, says so.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const FILES: Readonly<Record<string, readonly string[]>> = {
  'reading.test.ts': [
    'WSGet',
    'WSIsControlFrame',
    'WSUnmask',
    'WSReadUncompressedFrames',
    'WSReadVariousFrameSizes',
    'WSReadFragmentedFrames',
    'WSReadPartialFrameHeaderAtEndOfReadBuffer',
    'WSReadPingFrame',
    'WSReadPongFrame',
    'WSReadCloseFrame',
    // As it is spelled there.
    'WSReadControlFrameBetweebFragmentedFrames',
  ],
  'violations.test.ts': [
    'WSCloseFrameWithPartialOrInvalid',
    'WSReadGetErrors',
    'WSHandleControlFrameErrors',
    'WSReadErrors',
    'WSReadHugePayloadLenDoesNotPanic',
    'WSReadByteWithEmptyCompressedBufferDoesNotPanic',
    'WSFlushesBufferedDeliveryBeforeProtocolClose',
  ],
  'closing.test.ts': ['WSCreateCloseMessage', 'WSEnqueueCloseMsg', 'WSCloseMsgSendOnConnectionClose'],
  'origins.test.ts': ['WSCheckOrigin'],
  'upgrade.test.ts': [
    'WSUpgradeValidationErrors',
    'WSUpgradeResponseWriteError',
    'WSUpgradeNoHijacker',
    'WSUpgradeWithEmptyXForwardedForSliceDoesNotPanic',
    'WSCompressNegotiation',
    'WSSetHeader',
    'WSSetHeaderServer',
    'WSServerReportUpgradeFailure',
    'WSXForwardedFor',
    'WSUpgradeMQTTOnlyWhenEnabled',
  ],
  'options.test.ts': [
    'WSParseOptions',
    'WSValidateOptions',
    'WSSetOriginOptions',
    'WSFailureToStartServer',
    'WSAdvertise',
    'WSNoAuthUserValidation',
  ],
  'delivery.test.ts': [
    'WSPubSub',
    'WSBatchedPubInSingleFrame',
    'WSCreateFrameHeader',
    'WSFrameOutbound',
    'WSWebrowserClient',
    'WSWithPartialWrite',
    'WSNoCorruptionWithFrameSizeLimit',
    'WebsocketPingInterval',
  ],
  'compression.test.ts': [
    'WSCompressedPubInSingleFrame',
    'WSCompressedSequentialFramesRemainResponsive',
    'WSCompressedFragmentedFrame',
    'WSCorruptedCompressedFrameIsRejected',
    'WSCompressionBasic',
    'WSCompressionWithPartialWrite',
    'WSCompressionFrameSizeLimit',
    'WSCompressionPoolBufferRecycling',
    'WSCompressedFragmentsDoNotShareNbPoolBuffer',
    'WSDecompressLimit',
  ],
  'tls.test.ts': [
    'WSTLSConnection',
    'WSTLSVerifyClientCert',
    'WSHandshakeTimeout',
    'WSUpgradeConnDeadline',
    'WSReloadTLSConfig',
  ],
  'authentication.test.ts': ['WSBasicAuth', 'WSAuthTimeout', 'WSTokenAuth'],
  'users.test.ts': [
    'WSUsersAuth',
    'WSNkeyAuth',
    'WSBindToProperAccount',
    'WSNoAuthUser',
    'WSNoAuthUserOverride',
    'WSTLSVerifyAndMap',
  ],
  'jwt.test.ts': ['WSJWTWithAllowedConnectionTypes', 'WSJWTCookieUser'],
}

/**
 * | row | why it is not here |
 * | --- | --- |
 * | WSAbnormalFailureOfWebServer | nobody outside can make a listener fail that listens |
 *
 * Parts of rows: that a close reason is cut at 123 bytes (WSCreateCloseMessage; no reason is so long) is in
 * test/wire/websocket/frame-writer.test.ts. That `connect_urls` follow who joins and leaves (WSAdvertise) takes a
 * cluster. What credentials that expire or are revoked and an account's connections (WSEnqueueCloseMsg) are closed with
 * is in test/conformance/auth/; what a failed TLS handshake is, nobody hears.
 */
const NOT_HERE = ['WSAbnormalFailureOfWebServer']

for (const [file, rows] of Object.entries(FILES)) {
  test(`${file} has the rows that it is said to have`, () => {
    const source = readFileSync(path.join(import.meta.dirname, file), 'utf8')
    const missing = rows.filter((row) => !new RegExp(`['\`]${row}(: |')`).test(source))
    assert.deepEqual(missing, [])
  })
}

test('every row has one place', () => {
  const rows = [...Object.values(FILES).flat(), ...NOT_HERE]
  assert.equal(new Set(rows).size, rows.length)
  assert.equal(rows.length, 73)
})
