/** What a reload changes. */
export interface Change {
  /** The option's path: `nats.maxPayloadBytes`, `websockets[0].allowedOrigins`. */
  readonly option: string
  readonly from: unknown
  readonly to: unknown
}

/**
 * Options whose values no log may hold, or would be flooded by. What a cookie is called is for all to see; the user of a
 * URL can be a token.
 */
const SECRET =
  /(?:^|(?<!cookies)\.)(?:password|token|keys?|secretKey|internalKey|installationKey|nkeySeed|defaultSentinel|operators|preload(?:\.\w+)?)$|\burls\[\d+\]\.user$/

/** User and password in a URL. */
const CREDENTIALS = /(?<=:\/\/)[^\s/?#"]*@/g

/** A password may stand behind the question mark as well, as PostgreSQL has it. */
const PASSWORD = /(?<=[?&]password=)[^&#\s"]*/gi

/**
 * The differences of two sets of options, in the order of the options. Plain objects are compared option by option, an
 * array of objects element by element; any other array counts as one value.
 */
export function changesBetween(before: unknown, after: unknown, option = ''): Change[] {
  if (isNested(before) && isNested(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) =>
      changesBetween(valueAt(before, key), valueAt(after, key), joined(option, key, Array.isArray(after))),
    )
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ option, from: before, to: after }]
}

/** One line for people: `nats.maxConnections: 100 -> 200`. */
export function changeLine({ option, from, to }: Change): string {
  const isSecret = SECRET.test(option)
  const shown = (value: unknown) => {
    if (value === undefined) return 'none'
    return isSecret ? '[redacted]' : withoutSecrets(value)
  }
  return `${option}: ${shown(from)} -> ${shown(to)}`
}

function withoutSecrets(value: unknown): string {
  return JSON.stringify(value, function (this: object, key, inner: unknown) {
    const isOfUrl = key === 'user' && 'scheme' in this
    return (SECRET.test(key) || isOfUrl) && inner !== undefined ? '[redacted]' : inner
  })
    .replaceAll(CREDENTIALS, '[redacted]@')
    .replaceAll(PASSWORD, '[redacted]')
}

function joined(option: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${option}[${key}]`
  return option === '' ? key : `${option}.${key}`
}

function isNested(value: unknown): value is object {
  if (Array.isArray(value))
    return value.length > 0 && value.every((item) => typeof item === 'object' && !Array.isArray(item))
  return typeof value === 'object' && value !== null
}

function valueAt(container: object, key: string): unknown {
  return (container as Record<string, unknown>)[key]
}
