import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '../../../web/node_modules/uqr/dist/index.mjs'
import { qrPath } from '../../../web/src/ui/qr-path.ts'

const TEXT = 'otpauth://totp/Belfry:ana@example.org?secret=JBSWY3DPEHPK3PXP&issuer=Belfry'

test('the path of a QR code covers exactly its dark modules, with four light ones around', async () => {
  const { path, modules } = await qrPath(TEXT)
  const dark = Array.from({ length: modules }, () => new Array<boolean>(modules).fill(false))
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let i = 0; i < Number(run); i++) dark[Number(y)]![Number(x) + i] = true
  }
  assert.equal(path.replace(/M\d+ \d+h(\d+)v1h-\1z/g, ''), '')
  const { data } = encode(TEXT, { border: 0 })
  assert.equal(modules, data.length + 8)
  assert.deepEqual(
    dark.slice(4, -4).map((row) => row.slice(4, -4)),
    data,
  )
  assert.ok(![...dark.slice(0, 4), ...dark.slice(-4)].flat().includes(true))
})
