import { deepType } from '../authorization/deep-type.ts'
import {
  arrayIn,
  type ConfigEntry,
  type ConfigMap,
  type ConfigValue,
  formatDuration,
  goType,
  InvalidValue,
  parseDuration,
  stringIn,
} from '../language/index.ts'

/** `compression`, as written. */
export interface Compression {
  /** '' where only thresholds are given. */
  readonly mode: string
  /** In milliseconds. */
  readonly rttThresholds: readonly number[]
}

const NO_EFFECT = 'has no effect here: Belfry does not compress links by S2'

/** `compression` of links, which are not compressed here: who counts on it is told. */
export const compression = deepType<Compression, string>({
  description:
    '`off`, `accept`, `s2_auto`, `s2_fast`, `s2_better`, `s2_best`, a boolean, or `{ mode, rtt_thresholds }`',
  fromConfig(value, { name, position, problems }) {
    const found = written(value, name)
    if (isS2(found)) problems.remarkAt(position, `${name} ${found.mode} ${NO_EFFECT}`)
    return found
  },
  fromProgram(mode, { name, warn }) {
    if (typeof mode !== 'string') throw new InvalidValue(`${name} must be the name of a mode`)
    const found = { mode, rttThresholds: [] }
    if (isS2(found)) warn(`${name} ${mode} ${NO_EFFECT}`)
    return found
  },
})

function written(value: ConfigValue, name: string): Compression {
  switch (value.kind) {
    case 'string':
      return { mode: value.value, rttThresholds: [] }
    case 'boolean':
      return { mode: value.value ? 's2_auto' : 'off', rttThresholds: [] }
    case 'map':
      return compressionIn(value)
    default:
      throw new InvalidValue(`field "${name}" should be a boolean or a structure, got ${goType(value)}`)
  }
}

function compressionIn({ entries }: ConfigMap): Compression {
  let mode = ''
  let rttThresholds: readonly number[] = []
  // The first mistake is the only one, as in nats-server.
  for (const entry of entries.values()) {
    switch (entry.key.toLowerCase()) {
      case 'mode':
        mode = stringIn(entry.value, entry.keyPosition)
        break
      case 'rtt_thresholds':
      case 'thresholds':
      case 'rtts':
      case 'rtt':
        rttThresholds = thresholdsIn(entry)
        break
      default:
        if (!entry.isUsedAsVariable) throw new InvalidValue(`unknown field "${entry.key}"`, entry.keyPosition)
    }
  }
  return { mode, rttThresholds }
}

function thresholdsIn({ value, keyPosition }: ConfigEntry): readonly number[] {
  try {
    return arrayIn(value).map((item) => parseDuration(stringIn(item, item.position)))
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(error.message, error.position ?? keyPosition)
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(error.message, keyPosition)
  }
}

/** Modes that are kept by a server that does not compress; so are the next, which leave it to both sides. */
const NONE = ['not supported', 'not_supported', 'disabled', 'off', 'false', 'accept']
const AUTO = ['', 'on', 'enabled', 'true', 'auto', 's2_auto']
const S2 = ['fast', 's2_fast', 'better', 's2_better', 'best', 's2_best']
const MAX_THRESHOLDS = 4

/** Whether links are to be compressed, whatever the other side is and however near. */
function isS2({ mode }: Compression): boolean {
  return S2.includes(mode.toLowerCase())
}

/** What is wrong with it, in the words of nats-server's start; `undefined` when nothing is. */
export function problemOfCompression({ mode, rttThresholds }: Compression): string | undefined {
  const name = mode.toLowerCase()
  if (AUTO.includes(name)) return problemOfThresholds(mode || 's2_auto', rttThresholds)
  return [...NONE, ...S2].includes(name) ? undefined : `unsupported compression mode ${JSON.stringify(mode)}`
}

function problemOfThresholds(mode: string, thresholds: readonly number[]): string | undefined {
  const shown = `[${thresholds.map(formatDuration).join(' ')}]`
  const found = thresholds.map((ms) => Math.max(0, ms))
  const isOrdered = found.every((ms, i) => ms === 0 || found.slice(0, i).every((earlier) => ms >= earlier))
  if (!isOrdered) return `RTT threshold values ${shown} should be in ascending order`
  const count = found.findLastIndex((ms) => ms !== 0) + 1
  const name = `compression mode ${JSON.stringify(mode)}`
  if (count > MAX_THRESHOLDS) return `${name} should have no more than ${MAX_THRESHOLDS} RTT thresholds: ${shown}`
  return thresholds.length > 0 && count === 0 ? `${name} requires at least one RTT threshold` : undefined
}
