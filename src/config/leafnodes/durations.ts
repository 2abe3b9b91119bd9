import { duration } from '../types/duration.ts'
import type { SettingType } from '../types/setting-type.ts'

const MAX_INT32 = 2 ** 31 - 1

/**
 * A time to wait, in milliseconds; 0 or less is the same as none, as in nats-server. `called`: what its messages call
 * the field, where that is not the key.
 */
export function waitingTime({ called }: { called?: string } = {}): SettingType<number> {
  const signed = duration({ minMs: -MAX_INT32, maxMs: MAX_INT32 })
  const orNone = (ms: number | undefined) => (ms !== undefined && ms > 0 ? ms : undefined)
  return {
    ...signed,
    description: 'duration such as `"1m30s"` or `"500ms"`, up to 2147483647 ms',
    fromText: (text, source) => orNone(signed.fromText(text, source)),
    fromConfig(value, source) {
      const name = called ?? source.name
      const warn = (reason: string) => source.problems.warningAt(source.position, name, reason)
      return orNone(signed.fromConfig(value, { ...source, name, warn }))
    },
    fromProgram: (value, source) => orNone(signed.fromProgram(value, source)),
  }
}
