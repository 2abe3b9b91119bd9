import type { ClientTlsOptions, TlsOptions } from '#net'
import {
  arrayIn,
  type ConfigEntry,
  type ConfigValue,
  goFormat,
  goType,
  InvalidValue,
  mapIn,
  parseDuration,
  readMap,
  stringIn,
} from '../language/index.ts'
import { CURVES, INSECURE_CIPHER_SUITES, SECURE_CIPHER_SUITES } from './cipher-suites.ts'
import { secondsOrDuration } from './duration.ts'
import { type ConfigSource, mustBe, type SettingType } from './setting-type.ts'
import type { TlsFiles } from './tls-files.ts'

export type { ClientTlsOptions, TlsOptions } from '#net'

/** What of a block is a matter of files. */
export type FilesOfTls = Pick<TlsOptions, 'certificates' | 'caFile'>

const DEFAULTS: TlsOptions = {
  certificates: [],
  caFile: undefined,
  verify: false,
  verifyAndMap: false,
  timeoutMs: 2000,
  cipherSuites: [],
  curvePreferences: [],
  minVersion: 'TLSv1.2',
  pinnedCerts: [],
  handshakeFirst: false,
  allowNonTls: false,
}

/** What must be given, and what may be; `undefined` is the same as absent. */
export type GivenTlsOptions = Pick<TlsOptions, 'certificates'> & {
  readonly [Name in keyof TlsOptions]?: TlsOptions[Name] | undefined
}

/** The options with the defaults of everything that is not given. */
export function tlsOptions(given: GivenTlsOptions): TlsOptions {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...DEFAULTS, ...Object.fromEntries(defined) }
}

const WINDOWS_KEYS = ['cert_store', 'cert_match_by', 'cert_match', 'ca_certs_match', 'cert_match_skip_invalid']
const IN_TLS = 'error parsing tls config'
/** How long a client may take to begin the handshake where nats-server's `auto` decides. */
const AUTO_FALLBACK_MS = 50

const handshakeTimeout = secondsOrDuration({ minMs: 0, maxMs: 2 ** 31 - 1 }, { what: 'tls config' })

/** `tls {}` of a listener for NATS, with the words of nats-server for everything that is wrong in it. */
export const tls: SettingType<TlsOptions, GivenTlsOptions> = {
  description: 'TLS block, see below',

  fromText(text, source) {
    throw new InvalidValue(mustBe(source, 'a TLS block in the config file', text))
  },

  fromConfig(value, source) {
    const { problems } = source
    const errorsBefore = problems.errors.length
    const block = new TlsBlock(source)
    readMap(mapIn(value), block.fields, problems, (key) => `${IN_TLS}, unknown field ${key}`)
    return problems.errors.length > errorsBefore ? undefined : block.options()
  },

  fromProgram(value, source) {
    const isText = (file: unknown) => typeof file === 'string' && file !== ''
    const certificates: readonly TlsFiles[] = value?.certificates ?? []
    const hasFiles = certificates.every(({ certFile, keyFile }) => isText(certFile) && isText(keyFile))
    if (certificates.length > 0 && hasFiles) return tlsOptions(value)
    throw new InvalidValue(mustBe(source, '{ certificates: [{ certFile, keyFile }] }', value))
  },
}

/** What a program may give for a connection that the server makes itself. */
export type GivenClientTls = Partial<GivenTlsOptions> & { readonly isInsecure?: boolean | undefined }

/** `tls {}` of such a connection. It needs no certificate. */
export const clientTls: SettingType<ClientTlsOptions, GivenClientTls> = {
  description: 'TLS block, see below',

  fromText: (text, source) => {
    throw new InvalidValue(mustBe(source, 'a TLS block in the config file', text))
  },

  fromConfig(value, source) {
    const { problems } = source
    const errorsBefore = problems.errors.length
    const block = new TlsBlock(source, { isClient: true })
    readMap(mapIn(value), block.fields, problems, (key) => `${IN_TLS}, unknown field ${key}`)
    return problems.errors.length > errorsBefore ? undefined : block.tlsOptionsOfClient()
  },

  fromProgram(given, source) {
    if (typeof given !== 'object' || given === null) throw new InvalidValue(mustBe(source, 'options of TLS', given))
    const { certificates = [], isInsecure = false, ...rest } = given
    const options =
      certificates.length === 0
        ? tlsOptions({ ...rest, certificates })
        : tls.fromProgram({ ...rest, certificates }, source)!
    return ofClient(options, isInsecure)
  },
}

/** What such a block is that only names the authorities to believe. */
export const clientTlsBy = (caFile: string): ClientTlsOptions =>
  ofClient(tlsOptions({ certificates: [], caFile }), false)

/** Without what only a server can do. */
function ofClient(options: TlsOptions, isInsecure: boolean): ClientTlsOptions {
  const { verify: _, verifyAndMap: _map, allowNonTls: _non, ...rest } = options
  return { ...rest, isInsecure }
}

type Writable<T> = { -readonly [Key in keyof T]?: T[Key] }

/** What of such a block counts for connections that the server makes itself. */
export interface ClientTls {
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly isInsecure: boolean
}

/** The block of a connection that the server makes itself: it needs no certificate. */
export function clientTlsIn(value: ConfigValue, source: ConfigSource): ClientTls | undefined {
  const { problems } = source
  const errorsBefore = problems.errors.length
  const block = new TlsBlock(source, { isClient: true })
  readMap(mapIn(value), block.fields, problems, (key) => `${IN_TLS}, unknown field ${key}`)
  return problems.errors.length > errorsBefore ? undefined : block.clientOptions()
}

/** One block while it is read. */
class TlsBlock {
  readonly #source: ConfigSource
  readonly #given: Writable<TlsOptions> = {}
  #certFile = ''
  #keyFile = ''
  #insecureSuites: readonly string[] = []
  #allowsInsecureSuites = false
  readonly #isClient: boolean
  #isInsecure = false

  constructor(source: ConfigSource, { isClient = false } = {}) {
    this.#source = source
    this.#isClient = isClient
  }

  readonly fields: Readonly<Record<string, (entry: ConfigEntry) => void>> = {
    cert_file: (entry) => {
      this.#certFile = filename(entry)
    },
    key_file: (entry) => {
      this.#keyFile = filename(entry)
    },
    ca_file: (entry) => {
      this.#given.caFile = filename(entry) || undefined
    },
    certs: (entry) => this.#certificates(entry),
    certificates: (entry) => this.#certificates(entry),
    verify: (entry) => {
      this.#given.verify = flag(entry)
    },
    verify_and_map: (entry) => {
      this.#given.verifyAndMap = flag(entry)
    },
    verify_cert_and_check_known_urls: (entry) => {
      if (flag(entry)) throw new InvalidValue('verify_cert_and_check_known_urls not supported in this context')
    },
    timeout: ({ value }) => {
      const ms = handshakeTimeout.fromConfig(value, this.#source)!
      // As in nats-server, where 0 is what a number is that nobody gave.
      if (ms > 0) this.#given.timeoutMs = ms
    },
    cipher_suites: (entry) => {
      const known = [...SECURE_CIPHER_SUITES, ...INSECURE_CIPHER_SUITES]
      const names = namesIn(entry, known, 'cipher')
      this.#given.cipherSuites = names
      this.#insecureSuites = names.filter((name) => INSECURE_CIPHER_SUITES.includes(name))
    },
    allow_insecure_cipher_suites: (entry) => {
      this.#allowsInsecureSuites = flag(entry)
    },
    curve_preferences: (entry) => {
      this.#given.curvePreferences = namesIn(entry, CURVES, 'curve preference')
    },
    min_version: ({ value }) => {
      this.#given.minVersion = minVersion(value)
    },
    pinned_certs: ({ value }) => {
      this.#given.pinnedCerts = pinnedCerts(value)
    },
    handshake_first: (entry) => this.#handshakeFirst(entry),
    first: (entry) => this.#handshakeFirst(entry),
    immediate: (entry) => this.#handshakeFirst(entry),
    insecure: (entry) => {
      this.#isInsecure = flag(entry)
      if (this.#isInsecure && !this.#isClient) this.#withoutEffect(entry)
    },
    connection_rate_limit: (entry) => {
      if (entry.value.kind !== 'integer') throw new InvalidValue(`${IN_TLS}, 'connection_rate_limit' wrong type`)
      this.#withoutEffect(entry)
    },
    ocsp_peer: ({ key, keyPosition, value }) => {
      if (value.kind === 'boolean' && !value.value) return
      this.#source.problems.refuseAt(keyPosition, `${key}: checking client certificates by OCSP is`)
    },
    ...Object.fromEntries(WINDOWS_KEYS.map((key) => [key, (entry: ConfigEntry) => this.#windowsStore(entry)])),
  }

  /** Once every entry was read without an error. */
  options(): TlsOptions {
    const given = this.#given
    const hasFiles = this.#certFile !== '' || this.#keyFile !== ''
    const listed = given.certificates ?? []
    if (listed.length > 0 && this.#certFile !== '') {
      throw new InvalidValue(`${IN_TLS}, cannot combine 'cert_file' option with 'certs' option`)
    }
    if (this.#insecureSuites.length > 0 && !this.#allowsInsecureSuites) {
      const names = this.#insecureSuites.join(', ')
      throw new InvalidValue(
        `insecure cipher suites configured without 'allow_insecure_cipher_suites' option set: ${names}`,
      )
    }
    return tlsOptions({
      ...given,
      certificates: listed.length === 0 && hasFiles ? [this.#certificate()] : listed,
      // Who maps certificates to users must have them verified.
      verify: given.verify === true || given.verifyAndMap === true,
    })
  }

  tlsOptionsOfClient(): ClientTlsOptions {
    return ofClient(this.options(), this.#isInsecure)
  }

  clientOptions(): ClientTls {
    const listed = this.#given.certificates?.[0]
    const needsFiles = this.#certFile !== '' || this.#keyFile !== ''
    const { certFile, keyFile } = listed ?? (needsFiles ? this.#certificate() : {})
    return { caFile: this.#given.caFile, certFile, keyFile, isInsecure: this.#isInsecure }
  }

  #certificate(): TlsFiles {
    if (this.#certFile === '') throw new InvalidValue("missing 'cert_file' in TLS configuration")
    if (this.#keyFile === '') throw new InvalidValue("missing 'key_file' in TLS configuration")
    return { certFile: this.#certFile, keyFile: this.#keyFile }
  }

  #certificates({ value }: ConfigEntry): void {
    if (value.kind !== 'array') throw unsupportedCertificates(value)
    this.#given.certificates = value.items.map(certificatePair)
  }

  #handshakeFirst({ key, value }: ConfigEntry): void {
    if (value.kind === 'boolean') this.#given.handshakeFirst = value.value
    else if (value.kind === 'string') this.#given.handshakeFirst = handshakeFirst(key, value.value)
    else throw new InvalidValue(`field "${key}" should be a boolean or a string, got ${goType(value)}`)
  }

  #windowsStore({ key, keyPosition }: ConfigEntry): void {
    this.#source.problems.refuseAt(keyPosition, `${key}: certificates from the store of Windows are`)
  }

  #withoutEffect({ key, keyPosition }: ConfigEntry): void {
    this.#source.problems.remarkAt(keyPosition, `${key} has no effect here`)
  }
}

function filename({ key, value }: ConfigEntry): string {
  if (value.kind === 'string') return value.value
  throw new InvalidValue(`${IN_TLS}, expected '${key.toLowerCase()}' to be filename`)
}

function flag({ key, value }: ConfigEntry): boolean {
  if (value.kind === 'boolean') return value.value
  throw new InvalidValue(`${IN_TLS}, expected '${key.toLowerCase()}' to be a boolean`)
}

function namesIn({ key, value }: ConfigEntry, known: readonly string[], what: string): readonly string[] {
  const items = arrayIn(value)
  if (items.length === 0) throw new InvalidValue(`${IN_TLS}, '${key.toLowerCase()}' cannot be empty`)
  return items.map((item) => {
    const name = stringIn(item, item.position)
    if (!known.includes(name)) throw new InvalidValue(`unrecognized ${what} ${name}`, item.position)
    return name
  })
}

function minVersion(value: ConfigValue): TlsOptions['minVersion'] {
  if (value.kind !== 'string') throw new InvalidValue(`${IN_TLS}: 'min_version' wrong type: ${goFormat(value)}`)
  switch (value.value) {
    case '1.2':
      return 'TLSv1.2'
    case '1.3':
      return 'TLSv1.3'
    case '1.0':
    case '1.1':
      throw new InvalidValue(`${IN_TLS}: unsupported TLS version: TLS ${value.value}`)
    default:
      throw new InvalidValue(`${IN_TLS}: unknown version: ${value.value}`)
  }
}

const PINNED_CERT = 'hex-encoded sha256 of DER encoded SubjectPublicKeyInfo'

function pinnedCerts(value: ConfigValue): readonly string[] {
  if (value.kind !== 'array')
    throw new InvalidValue(`${IN_TLS}, expected 'pinned_certs' to be a list of ${PINNED_CERT}`)
  return value.items.map((item) => {
    const pin = stringIn(item, item.position).toLowerCase()
    if (/^[a-f0-9]{64}$/.test(pin)) return pin
    throw new InvalidValue(`${IN_TLS}, 'pinned_certs' key ${pin} does not look like ${PINNED_CERT}`, item.position)
  })
}

function handshakeFirst(key: string, text: string): boolean | number {
  switch (text.toLowerCase()) {
    case 'true':
    case 'on':
      return true
    case 'false':
    case 'off':
      return false
    case 'auto':
    case 'auto_fallback':
      return AUTO_FALLBACK_MS
  }
  try {
    const ms = Math.ceil(parseDuration(text))
    // Without a time to wait there is nothing to fall back to.
    if (ms === 0) return true
    if (ms > 0 && ms < 2 ** 31) return ms
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new InvalidValue(`field "${key}"'s value ${JSON.stringify(text)} is invalid`)
}

function certificatePair(item: ConfigValue): TlsFiles {
  if (item.kind !== 'map') throw unsupportedCertificates(item, item)
  const files = { cert_file: '', key_file: '' }
  let position = item.position
  for (const { key, keyPosition, value } of item.entries.values()) {
    position = keyPosition
    if (value.kind !== 'string') throw new InvalidValue(unsupportedCertificates(value).message, position)
    if (!Object.hasOwn(files, key)) {
      throw new InvalidValue(`error parsing tls certs config, unknown field "${key}"`, position)
    }
    files[key as keyof typeof files] = value.value
  }
  if (files.cert_file !== '' && files.key_file !== '') return { certFile: files.cert_file, keyFile: files.key_file }
  throw new InvalidValue(
    "error parsing certificates config: both 'cert_file' and 'cert_key' options are required",
    position,
  )
}

function unsupportedCertificates(value: ConfigValue, at?: ConfigValue): InvalidValue {
  return new InvalidValue(`error parsing certificates config: unsupported type ${goType(value)}`, at?.position)
}
