import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { PostgresAddress } from './address.ts'

/**
 * What TLS checks, as libpq's `sslmode` has it; undefined means plain. Throws the file system's error for a file that
 * cannot be read. Without `sslrootcert` the authorities that Node trusts are asked.
 */
export function tlsOptions(address: PostgresAddress): ConnectionOptions | undefined {
  const { sslMode, sslRootCert, sslCert, sslKey } = address
  // libpq: never over a Unix socket.
  if (sslMode === 'disable' || address.host.startsWith('/')) return undefined
  const isVerified = sslMode === 'verify-ca' || sslMode === 'verify-full'
  return {
    rejectUnauthorized: isVerified,
    ...(sslMode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    ...(sslRootCert !== undefined && isVerified && { ca: readFileSync(sslRootCert) }),
    ...(sslCert !== undefined && { cert: readFileSync(sslCert) }),
    ...(sslKey !== undefined && { key: readFileSync(sslKey) }),
  }
}
