import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Others are compressed already, or fit into one packet as they are. */
const WORTH_IT = /\.(js|css|html|svg|json|txt|webmanifest|wasm)$/
const LEAST_BYTES = 1024

/**
 * Writes `.br` and `.gz` beside each file that gets smaller by it: a server sends them as they are, so that the most is made
 * of it once, and not a little each time.
 */
export function precompressed(): Plugin {
  let folder = ''
  return {
    name: 'precompressed',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir)
    },
    // After what lies in `public` was copied, too.
    closeBundle: {
      order: 'post',
      sequential: true,
      handler(error) {
        if (error === undefined) for (const name of globSync('**/*', { cwd: folder })) compress(path.join(folder, name))
      },
    },
  }
}

function compress(file: string): void {
  if (!WORTH_IT.test(file)) return
  const plain = readFileSync(file)
  if (plain.length < LEAST_BYTES) return
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } })
  for (const [suffix, bytes] of [
    ['.br', brotli],
    ['.gz', gzipSync(plain, { level: constants.Z_BEST_COMPRESSION })],
  ] as const) {
    if (bytes.length < plain.length) writeFileSync(file + suffix, bytes)
  }
}
