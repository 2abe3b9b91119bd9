import { type ConfigEntry, InvalidValue, mapIn, readMap } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

/** PEM files of a listener's certificate chain and private key. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

export const tlsFiles: SettingType<TlsFiles> = {
  description: '`{ cert_file, key_file }`, PEM files; in the environment `{certs="…",key="…"}`',

  fromText(text, source) {
    const { certs, key } = rocketTable(text, source)
    if (!certs || !key) throw malformed(source)
    return { certFile: certs, keyFile: key }
  },

  fromConfig(value, source) {
    const files: { cert_file?: string; key_file?: string } = {}
    const fileField = (key: keyof typeof files) => (entry: ConfigEntry) => {
      if (entry.value.kind === 'string') files[key] = entry.value.value
      else throw new InvalidValue(`error parsing tls config, expected '${key}' to be filename`)
    }
    const errorsBefore = source.problems.errors.length
    const fields = { cert_file: fileField('cert_file'), key_file: fileField('key_file') }
    readMap(mapIn(value), fields, source.problems, (key) => `error parsing tls config, unknown field ${key}`)
    if (source.problems.errors.length > errorsBefore) return undefined

    if (!files.cert_file) throw new InvalidValue("missing 'cert_file' in TLS configuration")
    if (!files.key_file) throw new InvalidValue("missing 'key_file' in TLS configuration")
    return { certFile: files.cert_file, keyFile: files.key_file }
  },

  fromProgram(value, source) {
    const isText = (file: unknown) => typeof file === 'string' && file !== ''
    if (isText(value?.certFile) && isText(value?.keyFile)) return value
    throw new InvalidValue(mustBe(source, '{ certFile, keyFile }', value))
  },
}

/** Rocket's form of a table in an environment variable: `{certs="/a.pem",key="/b.pem"}`, quotes optional. */
function rocketTable(text: string, source: Source): { certs?: string; key?: string } {
  const inside = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (inside === undefined) throw malformed(source)
  const table: Record<string, string> = {}
  const rest = inside.replace(/\s*(\w+)\s*=\s*(?:"([^"]*)"|([^",{}\s]+))\s*(?:,|$)/gy, (_, key, quoted, bare) => {
    table[key] = quoted ?? bare
    return ''
  })
  if (rest.trim() !== '') throw malformed(source)
  const unknown = Object.keys(table).find((key) => key !== 'certs' && key !== 'key')
  if (unknown !== undefined) throw new InvalidValue(`${source.name} has an unknown key "${unknown}"`)
  return table
}

function malformed(source: Source): InvalidValue {
  return new InvalidValue(`${source.name} must be {certs="<file>",key="<file>"}`)
}
