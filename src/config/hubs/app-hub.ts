import { isLiteralSubject, isValidSubject } from '#core'
import { toByteString } from '#kit'
import { deepType } from '../authorization/deep-type.ts'
import { type ConfigValue, InvalidValue, type Position, stringIn } from '../language/index.ts'
import { boolean } from '../types/boolean.ts'
import { bytes, integer } from '../types/integer.ts'
import { origins } from '../types/lists.ts'
import { mustBe, type SettingType } from '../types/setting-type.ts'
import { plainText, text } from '../types/text.ts'

/** What a hub of the operator's own can be told. */
export interface AppHubSettings {
  /** Of HS256: any of them is good. */
  readonly keys: readonly string[]
  /** In which its subjects are. */
  readonly account: string
  /** What its subjects begin with. */
  readonly subject: string
  /** As those of the notification hub. */
  readonly allowedOrigins: readonly string[]
  readonly sameOrigin: boolean
  /** Whether clients without a token may come in. */
  readonly anonymous: boolean
  /** Whether a connection ends when its token does. */
  readonly closeOnExpiration: boolean
  readonly maxConnectionsPerUser: number
  /** 0 means unlimited. */
  readonly maxConnectionsPerAddress: number
  readonly maxPendingBytes: number
}

/** One as it is configured, with the places of what is given. Only those of a config file stand anywhere. */
export interface ConfiguredHub {
  readonly name: string
  readonly given: Partial<AppHubSettings>
  readonly position?: Position | undefined
  readonly positions: ReadonlyMap<keyof AppHubSettings, Position>
}

const MAX_INT32 = 2 ** 31 - 1
const KIB = 1024

/** HMAC-SHA-256 wants no shorter key (RFC 7518 §3.2). Publishers show a key in a header, so it has to fit in there. */
const KEY = /^[\x21-\x7e]{32,1024}$/
const KEY_RULES = 'a key must have 32 to 1024 characters of ASCII without spaces'

const keys = deepType<readonly string[]>({
  description: 'a text, or a list of texts',
  fromConfig(value, { problems, position }) {
    if (value.kind !== 'array') return [keyIn(value, position)]
    return value.items.map((item) => keyIn(item, item.position))

    function keyIn(item: ConfigValue, at: Position): string {
      const key = stringIn(item, at)
      if (!KEY.test(key)) problems.errorAt(at, KEY_RULES)
      return key
    }
  },
  fromProgram(given, source) {
    if (Array.isArray(given) && given.every((key) => typeof key === 'string' && KEY.test(key))) return given
    throw new InvalidValue(`${source.name}: ${KEY_RULES}`)
  },
})

const literalSubject = text('subject without wildcards', (subject, source) => {
  const bytes = toByteString(subject)
  if (isValidSubject(bytes) && isLiteralSubject(bytes)) return subject
  throw new InvalidValue(mustBe(source, 'a subject without wildcards', subject))
})

/** By option: the key in the file, and what may be written. */
export const APP_HUB_FIELDS: {
  readonly [Option in keyof AppHubSettings]: {
    readonly key: string
    readonly type: SettingType<AppHubSettings[Option]>
  }
} = {
  keys: { key: 'keys', type: keys },
  account: { key: 'account', type: plainText('name of an account') },
  subject: { key: 'subject', type: literalSubject },
  allowedOrigins: { key: 'allowed_origins', type: origins },
  sameOrigin: { key: 'same_origin', type: boolean },
  anonymous: { key: 'anonymous', type: boolean },
  closeOnExpiration: { key: 'close_on_expiration', type: boolean },
  maxConnectionsPerUser: { key: 'max_connections_per_user', type: integer({ min: 1, max: MAX_INT32 }) },
  maxConnectionsPerAddress: { key: 'max_connections_per_address', type: integer({ min: 0, max: MAX_INT32 }) },
  maxPendingBytes: { key: 'max_pending', type: bytes({ min: 64 * KIB, max: MAX_INT32 }) },
}
