import type { ResolverTls } from '#auth'
import { InvalidValue } from '../language/index.ts'
import { clientTlsIn } from '../types/tls.ts'
import { deepType } from './deep-type.ts'

/** `resolver_tls {}`, with paths as written. */
export const resolverTls = deepType<ResolverTls, Partial<ResolverTls>>({
  description: 'TLS block with `ca_file`, `cert_file` and `key_file`, or `insecure`',
  fromConfig: (value, source) => clientTlsIn(value, source),
  fromProgram(given, source) {
    if ((given.certFile === undefined) !== (given.keyFile === undefined)) {
      throw new InvalidValue(`${source.name} must have both certFile and keyFile, or neither`)
    }
    return { caFile: undefined, certFile: undefined, keyFile: undefined, isInsecure: false, ...given }
  },
})
